"""Reading a body under two caps, on the wire and decoded, and refusing one that stops short.

Clients that decode by themselves know one cap, and take a gzip stream without its end for a whole one. zlib-ng says of
every stream what zlib says, in half the time.
"""

from __future__ import annotations

from zlib_ng import zlib_ng as zlib

from monitor.errors import FetchError, FetchFailure

# Real streams have one member, rarely a few; thousands of empty ones would only burn time.
_MEMBERS = 64
_GZIP = 16 + zlib.MAX_WBITS


class Body:
    """Collects chunks of one response; `wire` counts their bytes.

    `add` and `finish` raise `FetchError` (too-large, truncated, encoding).
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._limit, self.wire = limit, 0
        self._data: bytes | bytearray = b""  # what came at once is not copied
        self._decoder = _decoder(encoding)

    def add(self, chunk: bytes) -> None:
        self.wire += len(chunk)
        if self.wire > self._limit:
            raise FetchError(FetchFailure.TOO_LARGE, f"body over {self._limit} bytes")
        for piece in (chunk,) if self._decoder is None else self._decoder.decode(chunk, self._limit - len(self._data)):
            self._keep(piece)
        if len(self._data) > self._limit:
            raise FetchError(FetchFailure.TOO_LARGE, f"body grows over {self._limit} bytes when decoded")

    def finish(self) -> bytes:
        if self._decoder is not None and self.wire:
            self._decoder.finish()
        return self.so_far()

    def so_far(self) -> bytes:
        """What came, whole or not: at most `limit` bytes."""
        return bytes(self._data if len(self._data) <= self._limit else self._data[: self._limit])

    def _keep(self, piece: bytes) -> None:
        if not self._data:
            self._data = piece
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data)
        self._data += piece


class _Inflater:
    """gzip (several members too) or deflate, zlib-wrapped or raw, never by more than a byte past its allowance."""

    def __init__(self, wbits: int) -> None:
        self._wbits, self._stream, self._started = wbits, zlib.decompressobj(wbits), False
        self._members = 1

    def decode(self, chunk: bytes, allowance: int) -> list[bytes]:
        pieces = []
        while chunk and allowance >= 0:
            if self._stream.eof:
                if not self._next_member(chunk):
                    break
                self._stream = zlib.decompressobj(self._wbits)
            pieces.append(self._inflate(chunk, allowance + 1))
            allowance -= len(pieces[-1])
            chunk = self._stream.unused_data
        return pieces

    def finish(self) -> None:
        if not self._stream.eof:
            raise FetchError(FetchFailure.TRUNCATED, "the compressed body stops before its end")

    def _next_member(self, chunk: bytes) -> bool:
        """Bytes after a gzip stream: another member, else padding that everybody ignores."""
        self._members += 1
        if self._members > _MEMBERS:
            raise FetchError(FetchFailure.ENCODING, f"more than {_MEMBERS} gzip members")
        return self._wbits == _GZIP and chunk[:1] == b"\x1f"

    def _inflate(self, chunk: bytes, room: int) -> bytes:
        try:
            data = self._stream.decompress(chunk, room)
        except zlib.error as error:  # type: ignore[misc] # its stub has an instance there
            if self._started or self._wbits != zlib.MAX_WBITS:
                raise FetchError(FetchFailure.ENCODING, f"the body does not decompress: {error}") from error
            # Some servers send deflate without its zlib header.
            self._wbits = -zlib.MAX_WBITS
            self._stream = zlib.decompressobj(self._wbits)
            return self._inflate(chunk, room)
        self._started = True
        return data


def _decoder(encoding: str) -> _Inflater | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Inflater(_GZIP)
        case "deflate":
            return _Inflater(zlib.MAX_WBITS)
        case other:
            raise FetchError(FetchFailure.ENCODING, f"encoding {other[:40]!r}, only gzip and deflate were offered")
