import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.pipefy.bodies import PIECE_BYTES, UnreadableBodyError, read_pieces


class Stream(httpx.SyncByteStream):
    """A body that arrives in the given pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces


def response(*pieces: bytes, encoding: str) -> httpx.Response:
    return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Stream(list(pieces)))


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_gzip_arrives_whole_however_it_is_cut(content: bytes, size: int) -> None:
    packed = gzip.compress(content)
    pieces = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert b"".join(read_pieces(response(*pieces, encoding="GZip "))) == content


def test_several_gzip_members_are_one_body() -> None:
    packed = gzip.compress(b"a" * 10) + gzip.compress(b"b" * 10)
    assert b"".join(read_pieces(response(packed, encoding="x-gzip"))) == b"a" * 10 + b"b" * 10
    assert b"".join(read_pieces(response(packed[:30], packed[30:], encoding="gzip"))).startswith(b"aaa")


@given(st.binary(min_size=1, max_size=500), st.integers(1, 10**6))
def test_gzip_that_is_cut_off_is_an_error(content: bytes, cut: int) -> None:
    packed = gzip.compress(content)
    with pytest.raises(UnreadableBodyError, match="cut off"):
        b"".join(read_pieces(response(packed[: cut % (len(packed) - 1) + 1], encoding="gzip")))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(b"x") + b"garbage", "gzip"),
        (zlib.compress(b"x"), "deflate"),
        (gzip.compress(gzip.compress(b"x")), "gzip, gzip"),
        (b"x", "br"),
        (b"x", "zstd"),
        (b"x", "https://x/?signature=s3cr3t"),
    ],
    ids=["no gzip", "garbage after it", "deflate", "gzip twice", "brotli", "zstd", "a link"],
)
def test_what_does_not_unpack_is_an_error(body: bytes, encoding: str) -> None:
    with pytest.raises(UnreadableBodyError) as caught:
        b"".join(read_pieces(response(body, encoding=encoding)))
    assert "s3cr3t" not in str(caught.value)


def test_an_empty_body_is_empty() -> None:
    assert list(read_pieces(response(encoding="gzip"))) == []


def test_a_gzip_bomb_comes_in_small_pieces() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    tracemalloc.start()
    try:
        size = 0
        for piece in read_pieces(response(bomb, encoding="gzip")):
            assert len(piece) <= PIECE_BYTES
            size += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 100 << 20
    assert peak < 5 << 20
