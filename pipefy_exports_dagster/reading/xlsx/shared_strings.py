"""The texts that cells refer to by number."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.reading.limits import too_large_part

from .escapes import unescaped
from .gathered import Gathered, OddTextsError
from .grammar import Element, Grammar
from .markup import plain_markup, without_sections
from .opening import Opening, find_opening
from .package import Package
from .signals import NotPlainError, OddPartsError, SectionsError, require
from .tags import Tags
from .xml_tree import XmlTree

_CHUNK_BYTES = 4 << 20
_LONGEST_ITEM_BYTES = 64 << 20
_END_OF_ITEM = re.compile(rb"</(?:[^\s<>/:]{1,64}:)?si\s{0,64}>")
_END_OF_ITEMS = re.compile(rb"</(?:[^\s<>/:]{1,64}:)?sst\s{0,64}>\s*\Z")
_TRIES = 3
_MOST_ODD = 0.5
# Phonetic guides annotate Japanese text and are not part of it.
_TEXTS = ("si/t", "si/r/t")


ITEM = Element(b"si", 1)
TEXT = Element(b"t", 4, holds_text=True)
_NEXT = (ITEM.code, ITEM.empty)
_GRAMMAR = Grammar(
    (ITEM, TEXT),
    [
        *((end, next_) for end in (ITEM.empty, ITEM.end) for next_ in _NEXT),
        *((ITEM.code, next_) for next_ in (TEXT.code, TEXT.empty, ITEM.end)),
        (TEXT.code, TEXT.end),
        *((end, ITEM.end) for end in (TEXT.empty, TEXT.end)),
    ],
    starts=_NEXT,
    ends=(ITEM.empty, ITEM.end),
)


def read_shared_strings(package: Package) -> Any:
    """Read the texts that cells refer to (pyarrow string array)."""
    import pyarrow as pa

    if package.shared_strings is None:
        return pa.array([], pa.string())
    chunks = package.chunks(package.shared_strings, chunk_bytes=_CHUNK_BYTES)
    found = find_opening(chunks, "si", within=False)
    if found is None:
        return pa.array([], pa.string())
    opening, first = found
    try:
        pieces = [_strings(items, opening) for items in _pieces(chain([first], chunks), opening)]
    except UnreadableFileError:
        # Damaged, or cut where an item only seemed to end, as in a list of extensions: parse again, without cutting.
        return _read_slowly(package.chunks(package.shared_strings, chunk_bytes=_CHUNK_BYTES))
    return pa.concat_arrays([pa.array([], pa.string()), *pieces])


def _pieces(chunks: Iterator[bytes], opening: Opening) -> Iterator[bytes]:
    """Yield pieces of complete items; the last piece includes whatever follows them."""
    plain_end = b"</" + opening.prefix + b"si>"
    kept = b""
    for chunk in chunks:
        kept += chunk
        end = kept.rfind(plain_end) + len(plain_end)
        if end < len(plain_end):
            others = list(_END_OF_ITEM.finditer(kept))
            end = others[-1].end() if others else 0
        if end:
            yield kept[:end]
            kept = kept[end:]
        elif len(kept) > _LONGEST_ITEM_BYTES:
            raise too_large_part("a text", _LONGEST_ITEM_BYTES)
    end_of_items = _END_OF_ITEMS.search(kept)
    rest = kept[: end_of_items.start()] if end_of_items else kept
    if rest.strip() or not end_of_items:
        yield rest if end_of_items else rest + b"<"  # the list is truncated: the parser raises the error


def _strings(items: bytes, opening: Opening) -> Any:
    plain = plain_markup(items, prefix=opening.prefix)
    if plain is None:
        return _slow_strings(items, opening)
    return _plain_strings(plain, opening.without_prefix(), tries=_TRIES)


def _plain_strings(items: bytes, opening: Opening, *, tries: int) -> Any:
    """Read complete items at once, except those in an unusual form."""
    import numpy as np
    import pyarrow as pa

    try:
        return _fast_strings(items)
    except SectionsError:
        plain = without_sections(items)
        return _slow_strings(items, opening) if plain is None else _plain_strings(plain, opening, tries=tries)
    except NotPlainError:
        return _slow_strings(items, opening)
    except OddPartsError as error:
        found = error
    if not tries or found.odd.mean() > _MOST_ODD:
        return _slow_strings(items, opening)
    plain_ones = _plain_strings(found.cut_out(items, odd=False), opening, tries=tries - 1)
    slow = _slow_strings(found.cut_out(items, odd=True), opening)
    order = np.concatenate([np.flatnonzero(~found.odd), np.flatnonzero(found.odd)])
    return pa.concat_arrays([plain_ones, slow]).take(pa.array(np.argsort(order)))


def _fast_strings(items: bytes) -> Any:
    import numpy as np

    tags = Tags.of(items, _GRAMMAR)
    codes = tags.codes
    require(int(codes[0]) in _GRAMMAR.starts and int(codes[-1]) in _GRAMMAR.ends)
    is_item = (codes == ITEM.code) | (codes == ITEM.empty)
    parts = np.flatnonzero(is_item)
    of_part = np.cumsum(is_item, dtype=np.int32) - 1
    require(not items[tags.ends[-1] + 1 :].strip())
    tags.refuse(parts, of_part[tags.misplaced(_GRAMMAR)], len(items))
    for element in (ITEM, TEXT):
        tags.refuse(parts, of_part[tags.odd_attributes(element)], len(items))
    texts = np.flatnonzero(codes == TEXT.code)
    starts, lengths = np.zeros(len(parts), np.int32), np.zeros(len(parts), np.int32)
    first, end = tags.texts_of(texts)
    starts[of_part[texts]], lengths[of_part[texts]] = first, end - first
    try:
        gathered = Gathered.of(tags.buffer, starts, lengths)
    except OddTextsError as odd:
        tags.refuse(parts, odd.nth, len(items))
        raise
    require(items.isascii() or gathered.is_utf8())
    return gathered.strings(0, len(parts))


def _slow_strings(items: bytes, opening: Opening) -> Any:
    """Read items one by one, whatever is in them."""
    return _read_slowly(iter([opening.whole(items)]))


def _read_slowly(chunks: Iterator[bytes]) -> Any:
    import pyarrow as pa

    strings: list[str] = []
    pieces: list[str] = []

    def end(path: str) -> None:
        if path == "si":
            strings.append("".join(pieces))
            pieces.clear()

    def text(path: str, piece: str) -> None:
        if path in _TEXTS:
            pieces.append(piece)

    def start(_path: str, _attributes: Mapping[str, str]) -> None:
        """Ignore start tags."""

    tree = XmlTree(start, end=end, text=text)
    for chunk in chunks:
        tree.feed(chunk)
    tree.feed(b"", final=True)
    return unescaped(pa.array(strings, pa.string()))
