"""The body of an answer, unpacked, in pieces of limited size.

httpx could unpack it as well, but hands out whatever one network read unpacks to (a thousandfold, and
more where encodings are nested), and takes a gzip stream that is cut off for a whole one.
"""

import zlib
from collections.abc import Iterator

import httpx

PIECE_BYTES = 1 << 18
GZIP = 31
"""zlib's name for `a gzip header, and nothing else`."""


class UnreadableBodyError(Exception):
    """A body that does not unpack; the message continues `the answer ...`."""


def read_pieces(response: httpx.Response) -> Iterator[bytes]:
    """Yield the body as it arrives, unpacked.

    Raises:
        UnreadableBodyError: It is packed in a way that was not asked for, or its packing is broken.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        yield from response.iter_raw()
    elif encoding in {"gzip", "x-gzip"}:
        yield from _unzip(response.iter_raw())
    else:
        # The header is not quoted: it may hold a secret.
        raise UnreadableBodyError(
            "is packed in a way that was not asked for: its Content-Encoding is not gzip"
        )


def _unzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(GZIP)
    is_empty = True
    for piece in pieces:
        data = piece
        while data:
            is_empty = False
            if member.eof:  # a gzip stream may have several members, one after the other
                member = zlib.decompressobj(GZIP)
            try:
                unpacked = member.decompress(data, PIECE_BYTES)
            except zlib.error:
                unpacked = None
            if unpacked is None:
                raise UnreadableBodyError("is said to be gzip and does not unpack")
            yield unpacked
            data = member.unused_data if member.eof else member.unconsumed_tail
    if not is_empty and not member.eof:
        rest = member.flush(PIECE_BYTES)
        if not member.eof:
            raise UnreadableBodyError("is gzip and was cut off")
        yield rest
