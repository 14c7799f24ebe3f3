"""The façade: `make_monitor(settings)` gives the one object that the command line, the web part and the workers call."""
