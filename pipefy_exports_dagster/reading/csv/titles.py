"""Titles above a table: lines of one text each, above a header and rows of several fields.

A title that is taken for a header gives the table one column. A header or row that is taken for a title is missing in
the table. So lines count as titles only if the first line below them reads like a header, and nearly all lines have as
many fields as that line. The file's description names the lines that were left out.
"""

import re
from collections.abc import Sequence

_MOST_TITLES = 20
_LONGEST_SHOWN = 200
_LONGEST_NAME = 200
_AGREEING = 0.9
_TELLING_WIDTH = 3  # two fields may be a text with one separator
_TITLES_WITHOUT_ROWS = 2
# Numbers, dates and times, also with a currency or a zone.
_VALUE = re.compile(
    r"(?>(?:R\$|US\$|\$|€)?)(?=[\s.,:/+%-]*+\d)[\s\d.,:/+%-]++(?:T[\d:.,+-]*+)?(?:Z|AM|PM|UTC)?",
    re.IGNORECASE,
)
_WORD_VALUES = frozenset({"true", "false", "null", "none", "nan", "sim", "não", "nao", "yes", "no"})


def count_titles(records: Sequence[Sequence[str]], delimiter: str) -> int:
    """Count the titles at the beginning of records that are not blank; 0 if the rest does not read like a table."""
    titles = 0
    while titles < min(_MOST_TITLES, len(records)) and len(_filled(records[titles])) == 1:
        titles += 1
    below = records[titles:]
    if not titles or not below or below[0] in below[1:] or not _is_header(below[0], delimiter):
        return 0
    width = len(below[0])
    if sum(len(record) == width for record in below) < _AGREEING * len(below):
        return 0
    texts = [_filled(record)[0] for record in records[:titles]]
    # Spreadsheets write a title with all separators of the table.
    padded = any(len(record) == width for record in records[:titles])
    return titles if _is_likely(texts, width, rows=len(below) - 1, padded=padded) else 0


def _is_likely(titles: Sequence[str], width: int, *, rows: int, padded: bool) -> bool:
    """Whether these are titles, and not a column of texts of which the last ones happen to contain separators."""
    if not rows:
        return width >= _TELLING_WIDTH and len(titles) <= _TITLES_WITHOUT_ROWS
    if width >= _TELLING_WIDTH:
        return True
    return not padded and rows >= len(titles) and all(_is_name(title.strip().casefold()) for title in titles)


def titles_of(records: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the texts of titles, long ones cut short."""
    texts = [" ".join("".join(_filled(record)).split()) for record in records]
    return tuple(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…" for text in texts)


def _filled(record: Sequence[str]) -> list[str]:
    return [field for field in record if field.strip()]


def _is_header(record: Sequence[str], delimiter: str) -> bool:
    """Whether all fields are different names; separators may follow the last."""
    names = [field.strip().casefold() for field in record]
    while names and not names[-1]:
        names.pop()
    if len(names) < 2 or len(set(names)) < len(names):  # noqa: PLR2004  a header of several columns
        return False
    # A sentence has a comma with a blank after it.
    if delimiter == "," and any(field.startswith(" ") for field in record[1:]):
        return False
    return all(map(_is_name, names))


def _is_name(text: str) -> bool:
    if len(text) > _LONGEST_NAME or text in _WORD_VALUES or "@" in text or "://" in text:
        return False
    return any(character.isalpha() for character in text) and not _VALUE.fullmatch(text)
