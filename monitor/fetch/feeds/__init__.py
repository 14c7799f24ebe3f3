"""Feeds, from bytes to `FeedData`: RSS 0.9x to 2.0, RDF, Atom, JSON Feed, Google News sitemaps."""

from monitor.fetch.feeds.parsing import parse_feed, parse_new

__all__ = ["parse_feed", "parse_new"]
