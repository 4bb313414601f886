import csv
import io
from dataclasses import dataclass

from pipefy_exports_dagster.reading.refusals import unreadable

from .messages import is_message
from .titles import count_titles, titles_of

DELIMITERS = ";\t|,"  # for equal scores: texts have more commas than other delimiters
_OF_ONE_COLUMN = ",;\t|"
_SAMPLE_RECORDS = 200
LONGEST_FIELD = 100_000_000  # in characters; the csv module takes four bytes for each
_WORSE_BY_TITLES = 0.15


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a sample, and the number of lines of the sample up to its end."""

    fields: list[str]
    lines: int

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing but blanks."""
        return not any(field.strip() for field in self.fields)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is written; quotes are always doubled double quotes.

    Args:
        titles: The titles above the header, one per line.
        lines_above: Number of lines above the header: titles, and blank lines between them.
        blank_above: How many of those lines hold only separators or blanks.
    """

    delimiter: str
    titles: tuple[str, ...] = ()
    lines_above: int = 0
    blank_above: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A delimiter, and the records of the sample under it."""

    delimiter: str
    records: list[Record]
    titles: int
    score: tuple[float, int]

    @classmethod
    def of(cls, delimiter: str, records: list[Record]) -> "_Candidate":
        filled = [record for record in records if not record.is_blank]
        titles = count_titles([record.fields for record in filled], delimiter)
        widths = [len(record.fields) for record in filled[titles:]]
        if not widths or widths[0] == 1:
            return cls(delimiter, records, 0, (0.0, 0))
        # Rounded coarsely, so that one ragged row does not let a rarer delimiter win.
        share = round(widths.count(widths[0]) / len(widths), 1)
        return cls(delimiter, records, titles, (share - _WORSE_BY_TITLES * bool(titles), widths[0]))

    def dialect(self) -> Dialect:
        filled = [nth for nth, record in enumerate(self.records) if not record.is_blank]
        if not self.titles:
            return Dialect(self.delimiter)
        header = filled[self.titles]
        above = self.records[:header]
        return Dialect(
            self.delimiter,
            titles_of([record.fields for record in above if not record.is_blank]),
            lines_above=self.records[header - 1].lines,
            blank_above=sum(record.is_blank for record in above),
        )


def detect_dialect(sample: str, *, complete: bool, declared: str | None = None) -> Dialect:
    """Choose the delimiter under which the most records have as many fields as the header.

    Args:
        sample: The beginning of the file, from the first line on that is not blank.
        complete: Whether that is the whole file; if not, its last record is cut off.
        declared: The delimiter that the file declares itself (`sep=;`).

    Raises:
        UnreadableFileError: The file is one line of text with an error message.
    """
    # The csv module's own limit, 128 KB per field, would hide a delimiter after a long text.
    csv.field_size_limit(LONGEST_FIELD)
    delimiters = declared or DELIMITERS
    best = _Candidate(delimiters[0], [], 0, (0.0, 0))
    # With a wrong delimiter, quotes are in the middle of fields. If they are so with each delimiter, that says nothing.
    for strict in (True, False):
        for delimiter in delimiters:
            candidate = _Candidate.of(
                delimiter, _records(sample, delimiter, complete=complete, strict=strict)
            )
            if candidate.score > best.score:
                best = candidate
        if best.score > (0.0, 0):
            return best.dialect()
    if declared or not sample.strip():
        return Dialect(delimiters[0])
    if complete and is_message(sample):
        raise unreadable("one line of text", f"it says {sample.strip()[:80]!r}; export again")
    return Dialect(_of_one_column(sample, complete=complete))


def _of_one_column(sample: str, *, complete: bool) -> str:
    """Choose a delimiter that splits no value, if there is one."""
    for delimiter in _OF_ONE_COLUMN:
        records = _records(sample, delimiter, complete=complete, strict=False)
        if records and all(len(record.fields) == 1 for record in records):
            return delimiter
    return _OF_ONE_COLUMN[0]


def _records(sample: str, delimiter: str, *, complete: bool, strict: bool) -> list[Record]:
    """Read the first records that are not empty lines; none if the delimiter does not fit."""
    records: list[Record] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=strict)
    try:
        for fields in reader:
            if fields:
                records.append(Record(fields, reader.line_num))
            if len(records) > _SAMPLE_RECORDS:
                break
    except csv.Error as error:
        if complete or "unexpected end" not in str(error):
            return []
    if not complete and 1 < len(records) <= _SAMPLE_RECORDS:
        records.pop()
    return records
