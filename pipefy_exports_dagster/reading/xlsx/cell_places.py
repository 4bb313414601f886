"""Positions and types of cells, by the attributes of their tags: `<c r="AB12" s="1" t="s">`."""

import re
from dataclasses import dataclass
from typing import Any

from .attributes import are_attributes, numbered, odd_attributes
from .cells import MAX_COLUMNS
from .sheet_tags import FORMULA, INLINE, ROW, TEXT, VALUE, SheetTags

_SPACE, _QUOTE = b' "'
_SECOND_REFERENCE = re.compile(rb"[ \t\n]r=")
_MOST_ROW_DIGITS = 8
_LETTERS = 26


def check_attributes(rows: SheetTags) -> None:
    """Check that the attributes of rows, values and formulas are valid XML and declare no namespace."""
    import numpy as np

    tags = rows.tags
    for element in (VALUE, FORMULA, TEXT, INLINE):
        rows.refuse_tags(tags.odd_attributes(element))
    found = rows.rows
    starts = tags.opens[found] + 1 + len(ROW.name)
    # The attributes after the row number are the same in most rows.
    behind = _behind_number(tags.buffer, starts)
    lengths = np.maximum(tags.ends[found] - behind, 0)
    rows.refuse(np.flatnonzero(odd_attributes(tags.buffer, behind, lengths)))


def _behind_number(buffer: Any, starts: Any) -> Any:
    """Skip ` r="12"` if a row begins with it."""
    has_number = (
        (buffer[starts] == _SPACE)
        & (buffer[starts + 1] == ord("r"))
        & (buffer[starts + 2] == ord("="))
        & (buffer[starts + 3] == _QUOTE)
    )
    digits = _count_digits(_words(buffer)[starts + 4])
    has_number &= buffer[starts + 4 + digits] == _QUOTE
    return starts + has_number * (5 + digits)


@dataclass(frozen=True, slots=True)
class CellKinds:
    """Which of a few distinct attribute texts each cell has."""

    numbers: Any
    distinct: list[bytes]


def cell_places(rows: SheetTags) -> tuple[Any, CellKinds, Any]:
    """Read `<c r="AB12" s="1" t="s">` of all cells.

    Returns:
        The columns, the kinds of the other attributes, and the number of each row.
    """
    import numpy as np

    tags, cells = rows.tags, rows.cells
    buffer = tags.buffer
    numbers = np.zeros(len(rows.rows), np.int64)
    if not len(cells):
        return np.zeros(0, np.int16), CellKinds(np.zeros(0, np.int16), []), numbers
    starts = tags.opens[cells] + 2
    words = _words(buffer)
    # ` r="` as one number
    referenced = (words[starts] & np.uint64(0xFFFFFFFF)) == int.from_bytes(b' r="', "little")
    rows.refuse(rows.of_cells[~referenced])
    columns, after_letters, legal = _columns(buffer, starts + 4)
    digit_words = words[after_letters]
    digits = _count_digits(digit_words)
    quotes = after_letters + digits
    legal &= (buffer[quotes] == _QUOTE) & (digits > 0)
    lengths = tags.ends[cells] - quotes - 1
    legal &= lengths >= 0
    masks = np.array([(1 << 8 * count) - 1 for count in range(_MOST_ROW_DIGITS + 1)], np.uint64)
    number_words = digit_words & masks[digits]
    first = np.searchsorted(rows.of_cells, np.arange(len(rows.rows)))
    has_cells = np.diff(np.append(first, len(cells))) > 0
    of_row = np.zeros(len(rows.rows), np.uint64)
    of_row[has_cells] = number_words[first[has_cells]]
    # All cells of a row refer to this row, from left to right.
    legal &= number_words == of_row[rows.of_cells]
    if len(cells) > 1:
        legal[1:] &= (np.diff(columns) > 0) | (np.diff(rows.of_cells) > 0)
    rows.refuse(rows.of_cells[~legal])
    kinds, distinct = numbered(buffer, quotes + 1, lengths)
    odd = np.array(
        [not are_attributes(text) or _SECOND_REFERENCE.search(text) is not None for text in distinct]
    )
    rows.refuse(rows.of_cells[odd[kinds]] if odd.any() else np.zeros(0, np.int32))
    numbers[has_cells] = _decimal(of_row[has_cells], digits[first[has_cells]])
    return columns, CellKinds(kinds, distinct), numbers


def _columns(buffer: Any, starts: Any) -> tuple[Any, Any, Any]:
    """Read the letters of references: columns from 0, where the letters end, and whether they are a column."""
    import numpy as np

    letters = [buffer[starts + nth] - (ord("A") - 1) for nth in range(3)]
    legal = (letters[0] > 0) & (letters[0] <= _LETTERS)
    two = (letters[1] > 0) & (letters[1] <= _LETTERS)
    columns = letters[0].astype(np.int16)
    if not two.any():
        return columns - 1, starts + 1, legal
    three = two & (letters[2] > 0) & (letters[2] <= _LETTERS)
    columns = np.where(two, columns * _LETTERS + letters[1], columns)
    columns = np.where(three, columns * _LETTERS + letters[2], columns)
    legal &= (columns > 0) & (columns <= MAX_COLUMNS)
    return columns - 1, starts + 1 + two + three, legal


def _words(buffer: Any) -> Any:
    """The eight bytes from each position on, as one number, the first byte the lowest."""
    import numpy as np

    return np.ndarray((len(buffer) - 7,), "<u8", buffer, strides=(1,))


def _count_digits(words: Any) -> Any:
    """How many of eight bytes, from the first on, are digits."""
    import numpy as np

    # XOR turns the byte of a digit into 0 to 9, and only those stay below 16 when 6 is added. A carry of the addition
    # goes into bytes above the first one that is not a digit, which do not matter.
    halves = words ^ np.uint64(0x3030303030303030)
    others = ((halves + np.uint64(0x0606060606060606)) | halves) & np.uint64(0xF0F0F0F0F0F0F0F0)
    digits = np.zeros(len(words), np.int32)
    for count in range(1, _MOST_ROW_DIGITS + 1):
        still = (others & np.uint64((1 << 8 * count) - 1)) == 0
        if not still.any():
            break
        digits += still
    return digits


def _decimal(words: Any, digits: Any) -> Any:
    """Read numbers of up to eight digits, the first one in the lowest byte."""
    import numpy as np

    values = np.zeros(len(words), np.int64)
    for nth in range(_MOST_ROW_DIGITS):
        digit = ((words >> np.uint64(8 * nth)) & np.uint64(0x0F)).astype(np.int64)
        values = np.where(digits > nth, values * 10 + digit, values)
    return values
