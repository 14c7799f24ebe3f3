"""What most people build first: Celery with a task per feed and a task per article, Redis and SQLite behind them."""

import os
import re
import sqlite3
import time
import urllib.request

import feedparser
import trafilatura
from celery import Celery

EUROPE = re.compile(
    "l'Europe|Union européenne|Commission européenne|l'Allemagne|Bruxelles|l'Espagne|les Pays-Bas"
    "|marché européen|l'Italie|la Pologne"
)
TABLE = "create table if not exists texts (url text primary key, text text, found int, polled real, stored real)"


def fetch(url: str) -> bytes:
    """trafilatura's own `fetch_url` refuses addresses that are not public, as the farm's are."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


app = Celery("peer", broker=os.environ["PEER_BROKER"])
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True


def base() -> sqlite3.Connection:
    connection = sqlite3.connect(os.environ["PEER_DATABASE"], timeout=60)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=normal")
    connection.execute(TABLE)
    return connection


@app.task
def poll(feed: str, follow: bool) -> None:
    links = [entry.link for entry in feedparser.parse(feed).entries if "link" in entry]
    now = time.time()
    with base() as connection:
        new = [
            link
            for link in links
            if connection.execute("insert or ignore into texts (url, polled) values (?, ?)", (link, now)).rowcount
        ]
    for link in new if follow else ():
        read.delay(link)


@app.task
def read(url: str) -> None:
    page = fetch(url)
    text = (trafilatura.extract(page) if page else None) or ""
    found = "Huawei" in text and EUROPE.search(text) is not None
    with base() as connection:
        connection.execute("insert or ignore into texts (url, polled) values (?, ?)", (url, time.time()))
        connection.execute(
            "update texts set text = ?, found = ?, stored = ? where url = ?", (text, found, time.time(), url)
        )
