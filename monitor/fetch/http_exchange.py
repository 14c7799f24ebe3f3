"""One answer as it comes in: its head, then its body under the caps.

llhttp (the parser of Node.js, by httptools) tells lines, lengths and chunks apart; what is accepted of them is decided
here. Nothing waits: each piece is judged as it arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.http_body import Body
from monitor.fetch.http_headers import read_headers

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Names and values together, those of interim answers too.
_MAX_HEAD, _MAX_FIELDS = 64 * 1024, 200
# What chunks and trailers may take beside what they carry: one byte a chunk takes six.
_FRAMING, _FRAMING_TIMES = 64 * 1024, 8
# Of an error's body a little is kept, for messages; it must not take long.
_ERROR_BYTES, _ERROR_SECONDS = 16 * 1024, 1.0


class Ask(NamedTuple):
    """What is asked of each hop of a chain. `limit` bounds a body in bytes; with `cut` it ends there, else it fails."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    limit: int
    cut: bool = False


class Reply(NamedTuple):
    """One hop's answer; `headers` as `read_headers` gives them."""

    status: int
    headers: dict[str, str]
    body: bytes


class Exchange:
    """Takes what comes over a connection until `answer` has a reply or a `FetchError`.

    `begun`: something came. `reusable`: the answer ended where it should, and the connection may carry another.
    """

    __slots__ = ("_ask", "_body", "_failure", "_fed", "_fields", "_head", "_headers", "_loop", "_over", "_parser",
                 "_status", "_timer", "_whole", "_written", "answer", "begun", "reusable")  # fmt: skip

    def __init__(self, ask: Ask, loop: asyncio.AbstractEventLoop) -> None:
        self._ask, self._loop = ask, loop
        self.answer: asyncio.Future[Reply] = loop.create_future()
        self.begun = self.reusable = self._over = self._whole = False
        self._failure: FetchError | None = None
        self._fields: list[tuple[bytes, bytes]] = []
        self._fed = self._head = self._status = 0
        self._headers: dict[str, str] = {}
        self._body: Body | None = None
        self._written = b""
        self._timer: asyncio.TimerHandle | None = None
        self._parser: HttpResponseParser | None = _parser(self)

    # -- what the connection calls ---------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take what came. Once `answer` is there nothing more may come."""
        self.begun = True
        self._fed += len(data)
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            # Behind a whole answer too: an honest server sends nothing after "Connection: close".
            if self._whole or not self._over:
                self._fail(FetchError(FetchFailure.PROTOCOL, f"no HTTP answer: {error}"[:300]))
        if not self._over:
            self._check_framing()
        if self._over:
            self._settle()

    def lost(self, error: Exception | None) -> None:
        """The connection is closed."""
        if not self._over:
            self._end_at_loss(error)
        self._settle()

    def drop(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._parser = None  # it holds on to us, and the collector would have to find that out

    # -- what llhttp calls: none of these raises ---------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A second answer to one question makes the connection useless."""
        if self._over:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._status:
            return  # a trailer
        self._head += len(name) + len(value)
        if self._head > _MAX_HEAD or len(self._fields) == _MAX_FIELDS or b"\x00" in value:
            self._fail(FetchError(FetchFailure.PROTOCOL, "headers too many, too long, or with a NUL"))
        else:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        if self._over or self._parser is None:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._fields.clear()
            if status == 101 or status < 100:
                words = "the server switches to another protocol" if status == 101 else f"{status} is no status"
                self._fail(FetchError(FetchFailure.PROTOCOL, words))
            return
        self._status, self._headers = status, read_headers(self._fields)
        try:
            self._begin_body()
        except FetchError as error:
            self._fail(error)

    def on_body(self, chunk: bytes) -> None:
        if self._over or self._body is None:
            self.reusable = False
            return
        try:
            self._body.add(chunk)
        except FetchError as error:
            self._stop(error)

    def on_message_complete(self) -> None:
        if self._over or not self._status:
            return
        try:
            self._end(self._body.finish() if self._body is not None else b"")
        except FetchError as error:
            self._stop(error)
        else:
            self._whole = True
            self.reusable = self._parser is not None and self._parser.should_keep_alive()

    # -- decisions -------------------------------------------------------------------------------------------------

    def _begin_body(self) -> None:
        """What of the body is read. A redirect's is not."""
        status, ask = self._status, self._ask
        if status in (204, 304):
            return
        if status in REDIRECTS and ask.method == "GET" and "location" in self._headers:
            self._end(b"")
        elif ask.method == "CONNECT" and 200 <= status < 300:
            self._end(b"")
            self.reusable = True  # what follows are the other side's own bytes, and only after ours
        elif status >= 400:
            self._begin_error()
        else:
            announced = int(self._headers.get("content-length") or 0)
            if announced > ask.limit and not ask.cut:
                raise FetchError(FetchFailure.TOO_LARGE, f"{announced} bytes announced, at most {ask.limit}")
            self._body = Body(self._headers.get("content-encoding", ""), ask.limit)

    def _begin_error(self) -> None:
        """The first bytes of an error's body, whatever state they are in: its status is what counts."""
        self._body = Body("", _ERROR_BYTES)
        self._timer = self._loop.call_later(_ERROR_SECONDS, self._cut_short)
        try:
            self._body = Body(self._headers.get("content-encoding", ""), _ERROR_BYTES)
        except FetchError as error:
            self._stop(error)

    def _cut_short(self) -> None:
        if not self._over:
            self._end(self._so_far())
            self._settle()

    def _stop(self, error: FetchError) -> None:
        """The body cannot be read further: what came is enough of an error, or where the body may be cut."""
        if self._status >= 400 or (self._ask.cut and error.kind is FetchFailure.TOO_LARGE):
            self._end(self._so_far())
        else:
            self._fail(error)

    def _end_at_loss(self, error: Exception | None) -> None:
        if not self._status:
            words = f"connection lost: {error}" if error else "the server closed the connection without an answer"
            kind = FetchFailure.CONNECT if isinstance(error, OSError) and not self.begun else FetchFailure.PROTOCOL
            self._fail(FetchError(kind, words))
        elif error is not None or "content-length" in self._headers or "transfer-encoding" in self._headers:
            self._stop(FetchError(FetchFailure.TRUNCATED, self._how_much_came()))
        else:
            self.on_message_complete()  # a body without a length ends with its connection

    def _how_much_came(self) -> str:
        """What a feed's health and a page's outcome say of a body that is cut."""
        announced, words = self._headers.get("content-length"), "the body stops before its end"
        return f"{words}: {self._body.wire if self._body else 0} of {announced} bytes came" if announced else words

    def _check_framing(self) -> None:
        carried = self._body.wire if self._body is not None else 0
        if self._fed > _MAX_HEAD + _FRAMING + carried * _FRAMING_TIMES or (not self._status and self._fed > _MAX_HEAD):
            self._fail(FetchError(FetchFailure.PROTOCOL, "headers or chunks without end"))

    def _so_far(self) -> bytes:
        return self._body.so_far() if self._body is not None else b""

    def _end(self, body: bytes) -> None:
        self._over, self._written = True, body

    def _fail(self, error: FetchError) -> None:
        self._over, self._failure, self.reusable = True, error, False

    def _settle(self) -> None:
        self.drop()
        if self.answer.done():
            return
        if self._failure is not None:
            self.answer.set_exception(self._failure)
        else:
            self.answer.set_result(Reply(self._status, self._headers, self._written))


def _parser(exchange: Exchange) -> HttpResponseParser:
    """As lenient as browsers: lines that end in LF alone, blanks after a chunk's size. Lengths stay strict."""
    parser = HttpResponseParser(exchange)
    parser.set_dangerous_leniencies(
        lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
    )
    return parser
