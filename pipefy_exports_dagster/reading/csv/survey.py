"""One fast pass over every byte of a delimited file, independent of the reader that loads it.

It counts the records independently of DuckDB, and finds out whether the file is regular. DuckDB only gets regular
files: others (ragged rows, stray quotes, mixed line ends) are rewritten first.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pipefy_exports_dagster.reading.table_width import MAX_TABLE_COLUMNS

_CHUNK_BYTES = 4 << 20
_SURVEYORS = 2  # numpy lets other threads run
_CHUNKS_AHEAD = 3
_LONGEST_QUOTED_BYTES = 64 << 20
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(slots=True)
class Survey:
    """The result of the pass.

    Args:
        records: Number of records with a value, including the header.
        dropped: Number of records without one: only separators and pairs of quotes.
        fields: Number of fields of each record; 0 before the first.
        regular: All records have the same number of fields, quotes are at the ends of fields, and line ends are alike.
        utf8: All bytes that were read are UTF-8.
        newline_in_quotes: Some value has a line break.
        longest_record: In bytes.
        sample: Records from all over the file, as they are written; the header is not among them.
    """

    records: int = 0
    dropped: int = 0
    fields: int = 0
    regular: bool = True
    utf8: bool = True
    newline_in_quotes: bool = False
    longest_record: int = 0
    crlf: bool | None = None
    sample: list[bytes] = field(default_factory=list)


def survey(path: Path, delimiter: str, *, sample_records: int) -> Survey:
    """Count the records of a UTF-8 file and check whether they are regular; stop at the first that is not.

    Args:
        sample_records: The approximate number of records of the sample.
    """
    size = path.stat().st_size
    found = Survey()
    with path.open("rb") as file, ThreadPoolExecutor(_SURVEYORS) as surveyors:
        waiting: deque[Future[Survey]] = deque()

        for nth, lines in enumerate(_whole_lines(file)):
            share = sample_records * len(lines) // max(size, 1) + 1
            waiting.append(
                surveyors.submit(_survey_lines, lines, ord(delimiter), first=nth == 0, sample_records=share)
            )
            if len(waiting) > _CHUNKS_AHEAD:
                _add(found, waiting.popleft().result())
            if not (found.regular and found.utf8):
                break
        while waiting:
            _add(found, waiting.popleft().result())
    if not 2 <= found.fields <= MAX_TABLE_COLUMNS:  # noqa: PLR2004  in a single column an empty line is a row
        found.regular = False
    return found


def _add(found: Survey, part: Survey) -> None:
    """Add the result for the next lines; lines that do not match the ones before make the file irregular."""
    agree = part.fields in (0, found.fields or part.fields) and found.crlf in (None, part.crlf)
    found.regular = found.regular and part.regular and agree
    found.utf8 = found.utf8 and part.utf8
    found.records += part.records
    found.dropped += part.dropped
    found.fields = found.fields or part.fields
    found.crlf = part.crlf if found.crlf is None else found.crlf
    found.newline_in_quotes |= part.newline_in_quotes
    found.longest_record = max(found.longest_record, part.longest_record)
    found.sample += part.sample


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Read chunks that end at a line end outside of quotes."""
    # Joined once, when a line ends: appending chunk by chunk would copy a line of a gigabyte hundreds of times.
    kept: list[bytes] = []
    size, in_quotes = 0, False
    while chunk := file.read(_CHUNK_BYTES):
        end = _last_line_end(chunk, in_quotes=in_quotes)
        if end:
            yield b"".join([*kept, chunk[:end]])
            kept, size, in_quotes = [], 0, False
        rest = chunk[end:]
        kept.append(rest)
        size += len(rest)
        in_quotes ^= rest.count(b'"') % 2 == 1
        if in_quotes and size > _LONGEST_QUOTED_BYTES:
            break  # probably never closed; a file that ends within quotes is irregular
    if lines := b"".join(kept):
        yield lines if lines.endswith(b"\n") else lines + b"\n"


def _last_line_end(chunk: bytes, *, in_quotes: bool) -> int:
    """Find the end of the last line that ends outside of quotes; 0 if none does.

    The search goes back from quote to quote, not from line to line: all lines of a file may follow an unclosed quote.
    """
    in_quotes ^= chunk.count(b'"') % 2 == 1
    stop = len(chunk)
    while True:
        quote = chunk.rfind(b'"', 0, stop)
        if not in_quotes and (end := chunk.rfind(b"\n", quote + 1, stop) + 1):
            return end
        if quote < 0:
            return 0
        in_quotes, stop = not in_quotes, quote


def _survey_lines(lines: bytes, delimiter: int, *, first: bool, sample_records: int) -> Survey:
    import numpy as np

    found = Survey(utf8=_is_utf8(lines))
    buffer = np.frombuffer(lines, np.uint8)
    line_feeds = np.flatnonzero(buffer == _LF)
    is_delimiter = buffer == delimiter
    returns = buffer == _CR if b"\r" in lines else None
    if b'"' in lines:
        is_quote = buffer == _QUOTE
        # Odd after an opening quote, even after a closing one; an escaped quote closes and opens again.
        inside = (np.cumsum(is_quote, dtype=np.uint8) & 1).astype(bool)
        if inside[-1] or not _quotes_enclose_fields(buffer, is_quote, inside, delimiter):
            found.regular = False
            return found
        is_delimiter &= ~inside
        outside = line_feeds[~inside[line_feeds]]
        found.newline_in_quotes = len(outside) != len(line_feeds)
        line_feeds = outside
        returns = returns & ~inside if returns is not None else None
    if not _line_ends_agree(buffer, line_feeds, returns, found):
        found.regular = False
        return found
    lengths = np.diff(line_feeds, prepend=-1)
    blank = lengths == (2 if found.crlf else 1)
    if first and blank[0]:
        found.regular = False  # the header is not in the first line
        return found
    found.longest_record = int(lengths.max(initial=0))
    _count_records(np.flatnonzero(is_delimiter), line_feeds, blank, found)
    if not found.regular:
        return found
    without_value = _without_value(lines, line_feeds, lengths, found)
    found.dropped = int(without_value.sum())
    found.records -= found.dropped
    records = np.flatnonzero(~(blank | without_value))[int(first) :]
    chosen = records[np.linspace(0, len(records) - 1, min(sample_records, len(records))).astype(np.int64)]
    found.sample = [
        lines[end - length + 1 : end + 1]
        for end, length in zip(line_feeds[chosen].tolist(), lengths[chosen].tolist(), strict=True)
    ]
    return found


def _is_utf8(lines: bytes) -> bool:
    # Most text is ASCII, and checking for ASCII is twenty times as fast as decoding.
    if not lines.isascii():
        try:
            lines.decode()
        except UnicodeDecodeError:
            return False
    return True


def _quotes_enclose_fields(buffer: Any, is_quote: Any, inside: Any, delimiter: int) -> bool:
    import numpy as np

    quotes = np.flatnonzero(is_quote)
    opening = quotes[inside[quotes]]
    closing = quotes[~inside[quotes]]
    before = buffer[opening - 1]  # the first byte's neighbour is the last byte: a line feed, as required
    after = buffer[np.minimum(closing + 1, len(buffer) - 1)]
    starts = (before == delimiter) | (before == _LF) | (before == _QUOTE)
    ends = (after == delimiter) | (after == _LF) | (after == _QUOTE) | (after == _CR)
    return bool(starts.all() and ends.all())


def _line_ends_agree(buffer: Any, line_feeds: Any, returns: Any, found: Survey) -> bool:
    """Check that all line ends are alike, and that there is no single carriage return outside of quotes."""
    ends = 0 if returns is None else int((buffer[line_feeds - 1] == _CR).sum())
    if returns is not None and int(returns.sum()) != ends:
        return False
    found.crlf = ends > 0
    return ends in (0, len(line_feeds))


def _count_records(delimiters: Any, line_feeds: Any, blank: Any, found: Survey) -> None:
    import numpy as np

    fields = np.diff(np.searchsorted(delimiters, line_feeds), prepend=0)[~blank] + 1
    if len(fields):
        found.fields = int(fields[0])
        found.records = len(fields)
        found.regular = bool((fields == found.fields).all())


def _without_value(lines: bytes, line_feeds: Any, lengths: Any, found: Survey) -> Any:
    """Find the records that hold only separators and pairs of quotes.

    A record has one separator fewer than fields, so its length and its number of quotes decide.
    """
    import numpy as np

    bare = found.fields - 1 + (2 if found.crlf else 1)
    if b'"' not in lines:
        return lengths == bare
    candidates = np.flatnonzero((lengths >= bare) & (lengths <= bare + 2 * found.fields))
    ends = line_feeds[candidates] + 1
    starts = ends - lengths[candidates]
    quotes = np.flatnonzero(np.frombuffer(lines, np.uint8) == _QUOTE)
    in_record = np.searchsorted(quotes, ends) - np.searchsorted(quotes, starts)
    likely = lengths[candidates] == bare + in_record
    without_value = np.zeros(len(lengths), bool)
    # Three quotes in a row are a quote within a value.
    without_value[candidates[likely]] = [
        b'"""' not in lines[start:end]
        for start, end in zip(starts[likely].tolist(), ends[likely].tolist(), strict=True)
    ]
    return without_value
