"""A small press of our own, on loopback: invented outlets and articles, so that the main job can be seen offline.

`library` loads what we wrote, `edition` turns it into feeds and pages, `press` serves them, `mailsink` receives mail.
"""
