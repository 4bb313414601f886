import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pipefy_exports_dagster.reading.refusals import unreadable
from pipefy_exports_dagster.reading.table_width import MAX_TABLE_COLUMNS, too_wide

from .dialect import LONGEST_FIELD

_END = "\ue000end of file\ue000"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An irregular file, rewritten as a regular one.

    Args:
        records: Number of records, including the header.
        fields: Number of fields of each record: up to the last field that has a value in any record.
        dropped: Number of records without a value; `records` does not include them.
    """

    path: Path
    records: int
    fields: int
    dropped: int


def rewrite(path: Path, *, folder: Path, delimiter: str) -> Rewritten:
    """Rewrite an irregular file: records of equal width, each value quoted, no record without a value.

    Python's csv module reads files that no fast reader accepts: ragged rows, quotes within values, mixed line ends.

    Raises:
        UnreadableFileError: A quote is never closed, so that the end of its value is unknown; or a record has more
            values than a table may have columns.
    """
    records, fields, dropped, empty_lines, empty_at_end = 0, 0, 0, 0, 0
    for record in _records(path, delimiter):
        empty_at_end = 0 if record else empty_at_end + 1
        if width := _width(record):
            records += 1
            fields = max(fields, width)
            if fields > MAX_TABLE_COLUMNS:
                raise too_wide(fields)
        elif record:
            dropped += 1
        else:
            empty_lines += 1
    target = folder / "regular.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for record in _records(path, delimiter):
            if width := _width(record):
                writer.writerow(record[:width] + [""] * (fields - width))
    if fields == 1:  # with one field, a row without a value is an empty line
        dropped += empty_lines - empty_at_end
    return Rewritten(target, records, fields, dropped)


def _width(record: list[str]) -> int:
    """Count the fields up to the last one that has a value."""
    width = len(record)
    while width and not record[width - 1]:
        width -= 1
    return width


def _records(path: Path, delimiter: str) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        # An unclosed quote takes in the rest of the file without an error, including this last line.
        reader = csv.reader(chain(file, ["\n", _END]), delimiter=delimiter)
        line = 1
        csv.field_size_limit(LONGEST_FIELD)
        try:
            for record in reader:
                if record == [_END]:
                    return
                if not (record and record[-1].endswith(_END)):
                    yield record
                    line = reader.line_num + 1
        except csv.Error:  # too long a field: an unclosed quote takes in the rest of the file
            how = f"has a value of more than {LONGEST_FIELD:,} characters, as if its quote never closes"
        else:
            how = 'has a value whose quote (") never closes'
    raise unreadable(
        "text with an unclosed quote",
        f"the record that starts in line {line} {how}; download the export again",
    )
