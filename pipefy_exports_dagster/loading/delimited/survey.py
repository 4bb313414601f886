"""One fast look at every byte of a delimited file, apart from the reader that loads it.

It counts the records independently of DuckDB, and says whether the file is regular. DuckDB only gets
regular files: what is not (ragged rows, stray quotes, mixed line ends) is written anew first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_CHUNK_BYTES = 8 << 20
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(slots=True)
class Survey:
    """What the bytes say.

    Args:
        records: Records that are not blank lines, the header among them.
        fields: Fields of each record; 0 before the first.
        regular: Every record has as many fields, quotes are at the ends of fields, and line ends are of one kind.
        newline_in_quotes: Some value has a line break.
        longest_record: In bytes.
    """

    records: int = 0
    fields: int = 0
    regular: bool = True
    newline_in_quotes: bool = False
    longest_record: int = 0
    crlf: bool | None = None


def survey(path: Path, delimiter: str) -> Survey:
    """Count the records of a UTF-8 file and see whether they are regular; stops where they are not."""
    found = Survey()
    with path.open("rb") as file:
        for lines in _whole_lines(file):
            _survey_lines(lines, ord(delimiter), found)
            if not found.regular:
                return found
    if found.fields < 2:  # noqa: PLR2004  a blank line may be a value of a single column
        found.regular = False
    return found


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Read chunks that end where a line ends outside of quotes."""
    kept = b""
    quotes = 0
    while chunk := file.read(_CHUNK_BYTES):
        end = chunk.rfind(b"\n") + 1
        while end and (quotes + kept.count(b'"') + chunk.count(b'"', 0, end)) % 2:
            end = chunk.rfind(b"\n", 0, end - 1) + 1
        if end:
            yield kept + chunk[:end]
            kept = chunk[end:]
        else:
            kept += chunk
    if kept:
        yield kept if kept.endswith(b"\n") else kept + b"\n"


def _survey_lines(lines: bytes, delimiter: int, found: Survey) -> None:
    import numpy as np

    buffer = np.frombuffer(lines, np.uint8)
    line_feeds = np.flatnonzero(buffer == _LF)
    breaks = (buffer == _LF) | (buffer == delimiter)
    returns = buffer == _CR if b"\r" in lines else None
    if b'"' in lines:
        is_quote = buffer == _QUOTE
        # Odd after an opening quote, even after a closing one; an escaped quote closes and opens again.
        inside = (np.cumsum(is_quote, dtype=np.uint8) & 1).astype(bool)
        if inside[-1] or not _quotes_enclose_fields(buffer, is_quote, inside, delimiter):
            found.regular = False
            return
        breaks &= ~inside
        outside = line_feeds[~inside[line_feeds]]
        found.newline_in_quotes |= len(outside) != len(line_feeds)
        line_feeds = outside
        returns = returns & ~inside if returns is not None else None
    if not _line_ends_agree(buffer, line_feeds, returns, found):
        found.regular = False
        return
    _count_records(buffer, np.flatnonzero(breaks), line_feeds, found)


def _quotes_enclose_fields(buffer: Any, is_quote: Any, inside: Any, delimiter: int) -> bool:
    import numpy as np

    quotes = np.flatnonzero(is_quote)
    opening = quotes[inside[quotes]]
    closing = quotes[~inside[quotes]]
    before = buffer[opening - 1]  # the first byte's neighbour is the last one: a line feed, as it should be
    after = buffer[np.minimum(closing + 1, len(buffer) - 1)]
    starts = (before == delimiter) | (before == _LF) | (before == _QUOTE)
    ends = (after == delimiter) | (after == _LF) | (after == _QUOTE) | (after == _CR)
    return bool(starts.all() and ends.all())


def _line_ends_agree(buffer: Any, line_feeds: Any, returns: Any, found: Survey) -> bool:
    """See that all lines end alike, and that no carriage return is alone outside of quotes."""
    ends = 0 if returns is None else int((buffer[line_feeds - 1] == _CR).sum())
    if returns is not None and int(returns.sum()) != ends:
        return False
    if found.crlf is None:
        found.crlf = ends > 0
    return ends == (len(line_feeds) if found.crlf else 0)


def _count_records(buffer: Any, breaks: Any, line_feeds: Any, found: Survey) -> None:
    import numpy as np

    lengths = np.diff(line_feeds, prepend=-1)
    blank = lengths == (2 if found.crlf else 1)
    at_end = np.flatnonzero(buffer[breaks] == _LF)
    fields = np.diff(at_end, prepend=-1)[~blank]
    found.longest_record = max(found.longest_record, int(lengths.max(initial=0)))
    if not len(fields):
        return
    if found.records == 0 and blank[0]:
        found.regular = False  # the header is not in the first line
        return
    found.fields = found.fields or int(fields[0])
    found.records += len(fields)
    found.regular = bool((fields == found.fields).all())
