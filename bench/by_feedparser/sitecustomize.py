"""On the path of a measured worker: the fast parsers answer nothing, so that feedparser reads every first body."""

from monitor.fetch.feeds import by_lxml


def nothing(_text: str) -> None:
    return None


by_lxml.read = nothing
