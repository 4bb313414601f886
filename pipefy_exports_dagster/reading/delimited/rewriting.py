import contextlib
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pipefy_exports_dagster.reading.sniffing import unreadable

from .dialect import LONGEST_FIELD

_MAX_FIELDS = 20_000
_END = "\ue000end of file\ue000"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An irregular file, written anew as a regular one.

    Args:
        records: How many records, the header among them.
        fields: Fields that each record now has: those of the widest one.
    """

    path: Path
    records: int
    fields: int


def rewrite(path: Path, *, folder: Path, delimiter: str) -> Rewritten:
    """Write an irregular file anew: each record as wide as the widest, each value quoted.

    Python's csv module takes what no fast reader does: ragged rows, quotes within values, mixed line ends.

    Raises:
        UnreadableFileError: A quote is never closed, so that it is unknown where the values end.
    """
    records, fields = 0, 0
    for record in _records(path, delimiter):
        records += 1
        fields = max(fields, len(record))
    if fields > _MAX_FIELDS:
        raise unreadable(
            f"text with {fields:,} fields in a line", "it is not a table of columns; export again"
        )
    target = folder / "regular.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for record in _records(path, delimiter):
            writer.writerow(record + [""] * (fields - len(record)))
    return Rewritten(target, records, fields)


def _records(path: Path, delimiter: str) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        # An unclosed quote swallows the rest of the file without an error, and with it this last line.
        reader = csv.reader(chain(file, ["\n", _END]), delimiter=delimiter)
        line = 1
        csv.field_size_limit(LONGEST_FIELD)
        with contextlib.suppress(csv.Error):  # a field longer than that: what an unclosed quote swallows
            for record in reader:
                if record == [_END]:
                    return
                if record and not record[-1].endswith(_END):
                    yield record
                    line = reader.line_num + 1
    raise unreadable(
        "text with an unclosed quote",
        f'the record that starts in line {line} has a value whose quote (") never closes; download the export again',
    )
