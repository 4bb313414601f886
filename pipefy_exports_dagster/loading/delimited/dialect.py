import csv
import io
from dataclasses import dataclass

from pipefy_exports_dagster.loading.sniffing import unreadable

DELIMITERS = ",;\t|"
_SAMPLE_RECORDS = 200


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
    first = sample.split("\n", 1)[0].strip("\r ")
    if len(first) == len("sep=;") and first.lower().startswith("sep="):
        return Dialect(first[-1], declared=True)
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        score = _score(sample, delimiter, complete=complete)
        if score > best_score:
            best, best_score = delimiter, score
    lines = sum(bool(line.strip()) for line in sample.splitlines())
    if best_score == (0.0, 0) and complete and lines <= 1:
        raise unreadable("one line of text", f"it says {sample.strip()[:80]!r}; export again")
    return Dialect(best)


def _score(sample: str, delimiter: str, *, complete: bool) -> tuple[float, int]:
    """Share of the records that have as many fields as the first, and that number; zeros if it is one."""
    widths: list[int] = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if record:
                widths.append(len(record))
            if len(widths) > _SAMPLE_RECORDS:
                break
    except csv.Error:
        return 0.0, 0
    if not complete and 1 < len(widths) <= _SAMPLE_RECORDS:
        widths.pop()
    if not widths or widths[0] == 1:
        return 0.0, 0
    # A coarse share, so that one ragged row does not let a rarer delimiter win.
    return round(widths.count(widths[0]) / len(widths), 1), widths[0]
