"""Worksheet XML into cells at the speed of numpy.

Nothing is parsed cell by cell: the positions of all `<` and `>` of a piece are found at once, and what
follows is arithmetic on arrays. That works for XML as the common programs write it; a piece that is
written in any other way is noticed and left to `slow_cells`. Measured on 200,000 x 12 cells: about 1 s on one
core, where calamine takes 2 s and expat 8 s.
"""

import re
from typing import Any

from .cells import CELL_TYPES, CellType, Run
from .slow_cells import MAX_COLUMNS

_ATTRIBUTES = re.compile(rb' ([a-z]+)="([A-Za-z0-9]*)"')
_LONGEST_ATTRIBUTES = 32
_REFERENCE_WINDOW = 16
_MOST_KINDS = 64
_LT, _GT, _SLASH, _SPACE, _QUOTE = b'<>/ "'


class _NotPlain(Exception):  # noqa: N818  a signal within this module
    """The piece is not written the way that this scanner understands."""


def scan_rows_fast(rows: bytes) -> list[Run] | None:
    """Scan a piece of complete `<row>` elements; None if it has to be done slowly."""
    if b"<!" in rows or b"<?" in rows or b"<rPh" in rows:  # comments, CDATA, instructions, phonetic guides
        return None
    try:
        return _scan(rows)
    except _NotPlain:
        return None


def _scan(rows: bytes) -> list[Run]:
    import numpy as np

    # Windows of the last cells must not pass the end.
    buffer = np.frombuffer(rows + b"\0" * (_LONGEST_ATTRIBUTES + _REFERENCE_WINDOW), np.uint8)
    opens = np.flatnonzero(buffer == _LT).astype(np.int32)
    closes = np.flatnonzero(buffer == _GT).astype(np.int32)
    _require(len(opens) == len(closes))  # a `>` within text is legal, and rare
    if not len(opens):
        return []
    first, second = buffer[opens + 1], buffer[opens + 2]
    is_row = (first == ord("r")) & (second == ord("o"))
    is_cell = (first == ord("c")) & ((second == _SPACE) | (second == _GT) | (second == _SLASH))
    is_text = ((first == ord("v")) | (first == ord("t"))) & ((second == _GT) | (second == _SPACE))
    texts = np.flatnonzero(is_text)
    starts, ends = closes[texts] + 1, opens[np.minimum(texts + 1, len(opens) - 1)]
    _require(bool((buffer[ends + 1] == _SLASH).all() if len(texts) else True))
    stored = (ends > starts) & (buffer[starts - 2] != _SLASH)
    texts, starts, ends = texts[stored], starts[stored], ends[stored]
    if not len(texts):
        return []
    cells = np.flatnonzero(is_cell)
    of_cell = np.cumsum(is_cell, dtype=np.int32)[texts] - 1
    # Rich text has several texts in a cell.
    _require(bool(of_cell[0] >= 0 and (np.diff(of_cell) > 0).all()))
    cells = cells[of_cell]
    row = np.cumsum(is_row, dtype=np.int32)[cells] - 1
    columns, kinds, described = _attributes(buffer, opens[cells], closes[cells])
    order = np.lexsort((kinds, columns)) if len(described) > 1 else np.argsort(columns, kind="stable")
    columns, kinds = columns[order], kinds[order]
    strings = _strings(buffer, starts[order], ends[order] - starts[order])
    row = row[order]
    cuts = np.flatnonzero((np.diff(columns) != 0) | (np.diff(kinds) != 0)) + 1
    bounds = [0, *cuts.tolist(), len(columns)]
    return [
        Run(int(columns[start]), *described[kinds[start]], row[start:end], strings.slice(start, end - start))
        for start, end in zip(bounds, bounds[1:], strict=False)
    ]


def _attributes(buffer: Any, starts: Any, ends: Any) -> tuple[Any, Any, list[tuple[CellType, int]]]:
    """Read `<c r="AB12" s="1" t="s">`: column, and which of few kinds of (type, style)."""
    import numpy as np

    windows = np.lib.stride_tricks.sliding_window_view(buffer, _REFERENCE_WINDOW)
    _require(bool(((buffer[starts + 3] == ord("r")) & (buffer[starts + 5] == _QUOTE)).all()))
    references = windows[starts + 6]
    quote = (references == _QUOTE).argmax(axis=1)
    _require(bool((quote > 1).all()))
    columns = _columns(references)
    lengths = ends - (starts + 7 + quote)
    _require(bool((lengths >= 0).all() and (lengths <= _LONGEST_ATTRIBUTES).all()))
    wide = np.lib.stride_tricks.sliding_window_view(buffer, _LONGEST_ATTRIBUTES)
    attributes = wide[starts + 7 + quote].copy()
    attributes[np.arange(_LONGEST_ATTRIBUTES) >= lengths[:, None]] = 0
    kinds, described = _distinct(attributes)
    return columns, kinds, [_described(kind) for kind in described]


def _columns(references: Any) -> Any:
    import numpy as np

    letters = [references[:, nth].astype(np.int16) - 64 for nth in range(3)]
    is_letter = [(letter > 0) & (letter <= 26) for letter in letters]  # noqa: PLR2004  A to Z
    _require(bool(is_letter[0].all()))
    column = letters[0]
    two = is_letter[1]
    three = two & is_letter[2]
    column = np.where(two, column * 26 + letters[1], column)
    column = np.where(three, column * 26 + letters[2], column)
    after = np.where(three, references[:, 3], np.where(two, references[:, 2], references[:, 1]))
    _require(bool(((after >= ord("0")) & (after <= ord("9"))).all()))
    _require(bool(((column > 0) & (column <= MAX_COLUMNS)).all()))
    return column - 1


def _distinct(attributes: Any) -> tuple[Any, list[bytes]]:
    """Number the distinct rows of a byte matrix; there are few, so each pass settles one."""
    import numpy as np

    words = attributes.view(np.uint64)
    numbers = np.full(len(words), -1, np.int16)
    distinct: list[bytes] = []
    left = np.arange(len(words))
    while len(left):
        _require(len(distinct) < _MOST_KINDS)
        same = (words[left] == words[left[0]]).all(axis=1)
        numbers[left[same]] = len(distinct)
        distinct.append(attributes[left[0]].tobytes().rstrip(b"\0"))
        left = left[~same]
    return numbers, distinct


def _described(attributes: bytes) -> tuple[CellType, int]:
    found = {name.decode(): value.decode() for name, value in _ATTRIBUTES.findall(attributes)}
    _require(len(_ATTRIBUTES.sub(b"", attributes)) == 0)
    style = found.get("s", "0")
    return CELL_TYPES.get(found.get("t", "n"), CellType.TEXT), int(style) if style.isdigit() else 0


def _strings(buffer: Any, starts: Any, lengths: Any) -> Any:
    """Gather pieces of the buffer into one string array."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets = np.zeros(len(starts) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    where = np.repeat(starts - offsets[:-1], lengths)
    where += np.arange(offsets[-1], dtype=np.int32)
    gathered = buffer[where]
    strings = pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(gathered))
    if (gathered == ord("&")).any():
        strings = _without_entities(strings)
    if (gathered == ord("\r")).any():
        # XML reads every line end as a line feed; a carriage return proper is written as &#13;.
        strings = pc.replace_substring(pc.replace_substring(strings, "\r\n", "\n"), "\r", "\n")
    return strings


def _without_entities(strings: Any) -> Any:
    import pyarrow.compute as pc

    _require(not pc.any(pc.match_substring(strings, "&#")).as_py())
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        strings = pc.replace_substring(strings, entity, character)
    return strings


def _require(plain: bool) -> None:
    if not plain:
        raise _NotPlain
