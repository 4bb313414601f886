import csv
import io
import re
from dataclasses import dataclass

from pipefy_exports_dagster.reading.sniffing import unreadable

DELIMITERS = ";\t|,"  # where they score the same: texts have more commas than anything else
_DECLARATION = re.compile(r"sep=(\t|[^\x00-\x1f\x7f\"])", re.IGNORECASE)
_SAMPLE_RECORDS = 200
LONGEST_FIELD = 100_000_000  # in characters, for each of which the csv module takes four bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is written; quotes are always doubled double quotes.

    Args:
        declared: The first line is Excel's `sep=;`, which is no data.
    """

    delimiter: str
    declared: bool = False


def detect_dialect(sample: str, *, complete: bool) -> Dialect:
    """Choose the delimiter under which the most records have as many fields as the first.

    Args:
        sample: The beginning of the file.
        complete: Whether that is the whole file; if not, its last record is cut off.

    Raises:
        UnreadableFileError: It is one line of text, such as an error message.
    """
    # The module's own limit, 128 KB a field, would hide a delimiter behind a long text.
    csv.field_size_limit(LONGEST_FIELD)
    first = sample.split("\n", 1)[0].strip("\r ")
    if _DECLARATION.fullmatch(first):
        return Dialect(first[-1], declared=True)
    best, best_score = ",", (0.0, 0)
    # Under a wrong delimiter quotes are in the middle of fields; where they are so under each, that says nothing.
    for strict in (True, False):
        for delimiter in DELIMITERS:
            score = _score(sample, delimiter, complete=complete, strict=strict)
            if score > best_score:
                best, best_score = delimiter, score
        if best_score > (0.0, 0):
            break
    lines = sum(bool(line.strip()) for line in sample.splitlines())
    if best_score == (0.0, 0) and complete and lines <= 1:
        raise unreadable("one line of text", f"it says {sample.strip()[:80]!r}; export again")
    return Dialect(best)


def _score(sample: str, delimiter: str, *, complete: bool, strict: bool) -> tuple[float, int]:
    """Share of the records that have as many fields as the first, and that number; zeros if it is one."""
    widths: list[int] = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=strict):
            if record:
                widths.append(len(record))
            if len(widths) > _SAMPLE_RECORDS:
                break
    except csv.Error as error:
        if complete or "unexpected end" not in str(error):
            return 0.0, 0
    if not complete and 1 < len(widths) <= _SAMPLE_RECORDS:
        widths.pop()
    if not widths or widths[0] == 1:
        return 0.0, 0
    # A coarse share, so that one ragged row does not let a rarer delimiter win.
    return round(widths.count(widths[0]) / len(widths), 1), widths[0]
