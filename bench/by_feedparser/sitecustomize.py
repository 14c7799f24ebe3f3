"""On the path of a measured worker: the fast parser answers nothing, so that feedparser reads every first body."""

from monitor.fetch.feeds import by_pattern


def nothing(*_: object) -> None:
    return None


by_pattern.read = nothing
