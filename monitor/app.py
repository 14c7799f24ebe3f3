"""The façade: `make_monitor(settings)` gives the object that command line, web part and workers call."""
