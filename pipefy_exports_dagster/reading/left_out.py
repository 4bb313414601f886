"""What a person is told of a file that is not in the table whole: in the log, at the command line, in a check."""

import json
import shlex
from collections.abc import Iterable, Sequence
from enum import StrEnum

from pipefy_exports_dagster.reading.description import FileDescription, SheetRows
from pipefy_exports_dagster.text.quoting import markdown_code, printable

MAX_LISTED = 4
"""Sheets and lines that are named; of more their number is said."""
MAX_BYTES = 120
"""Of a name or a line as JSON, where a letter takes up to 12: all is kept with each load. Excel takes 31 letters."""
MAX_REMEDY_BYTES = 400
OTHERS = "those that are no part of it"


class Remedy(StrEnum):
    """Where the one who reads it says which sheets are to be loaded."""

    YAML = "yaml"
    OPTIONS = "options"


def left_out(
    file: FileDescription, *, named: bool, remedy: Remedy = Remedy.YAML, show_values: bool = True
) -> tuple[str, ...]:
    """Return a sentence for each kind of thing that the file has and the table has not; none if all is there.

    Args:
        file: What was read.
        named: Whether somebody has named the sheets to load.
        remedy: What the sentence says to do about it.
        show_values: Whether lines of the file may be quoted.
    """
    sentences = (
        sheets_left_out(file, named=named, remedy=remedy),
        title_lines_in_words(file, show_values=show_values),
    )
    return tuple(sentence for sentence in sentences if sentence)


def sheets_left_out(file: FileDescription, *, named: bool, remedy: Remedy = Remedy.YAML) -> str:
    """Return which visible sheets with rows were not loaded, and what to do about it; empty if there are none."""
    sheets = file.left_out
    if not sheets:
        return ""
    count = len(sheets)
    were = "was" if count == 1 else "were"
    what = f"{counted(count, 'visible sheet')} with rows {were} not loaded: {sheets_in_words(sheets)}"
    loaded = f"; loaded: {sheets_in_words(file.sheets_loaded)}" if file.sheets_loaded else ""
    if named:
        return f"{what}{loaded}. Other sheets are named by `reading.sheets` or `--sheet`"
    return f"{what}{loaded}. {_what_to_do(file, remedy)}"


def title_lines_in_words(file: FileDescription, *, show_values: bool) -> str:
    """Return what there is above the header of text; empty if there is nothing."""
    count = len(file.title_lines)
    said = f"{counted(count, 'line')} above the header left out"
    quoted = f": {listed(map(_quoted, file.title_lines))}" if show_values else ""
    return f"{said}{quoted}" if count else ""


def sheets_in_words(sheets: Sequence[SheetRows]) -> str:
    """Return sheets with their rows, for a text that may be taken for Markdown."""
    facts = ((_quoted(sheet.name), rows_in_words(sheet)) for sheet in sheets)
    return listed(f"{name} ({rows})" if rows else name for name, rows in facts)


def rows_in_words(sheet: SheetRows) -> str:
    """Return what is known of a sheet's rows, and that it is hidden."""
    facts = []
    if sheet.rows is not None:
        facts.append(counted(sheet.rows, "row") if sheet.rows else "empty")
    if sheet.hidden:
        facts.append("hidden")
    return ", ".join(facts)


def as_yaml(names: Iterable[str]) -> str:
    """Return what to write in the YAML for these sheets, on one line."""
    return f"reading: {{sheets: [{', '.join(map(_yaml_text, names))}]}}"


def as_options(names: Iterable[str]) -> str:
    """Return what to write behind `pipefy-exports load` for these sheets."""
    return " ".join(f"--sheet {shlex.quote(name)}" for name in names)


def shortened(text: str) -> str:
    """Return text as it is printed, cut to what a name may take."""
    whole = printable(text[: MAX_BYTES + 1])
    shown = whole[:MAX_BYTES]
    while len(json.dumps(shown)) > MAX_BYTES:
        shown = shown[:-1]
    return shown if shown == whole else f"{shown}…"


def listed(texts: Iterable[str]) -> str:
    """Return the first few of some texts, and how many more there are."""
    texts = list(texts)
    more = f" and {len(texts) - MAX_LISTED:,} more" if len(texts) > MAX_LISTED else ""
    return ", ".join(texts[:MAX_LISTED]) + more


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _what_to_do(file: FileDescription, remedy: Remedy) -> str:
    # All of them, although one may be a cover: who pastes it unread loses no row.
    names = [sheet.name for sheet in (*file.sheets_loaded, *file.left_out)]
    few = sum(map(len, names)) <= MAX_REMEDY_BYTES and len(json.dumps(names)) <= MAX_REMEDY_BYTES
    if remedy is Remedy.OPTIONS:
        typeable = few and "".join(names).isprintable()
        some = (
            f", or {markdown_code(as_options(names))} without {OTHERS}"
            if typeable
            else ", or name some with `--sheet`"
        )
        return f"To load more, give `--all-sheets`{some}"
    some = f": {markdown_code(as_yaml(names))} without {OTHERS}" if few else " (`reading.sheets`)"
    return (
        f"To load more, name its sheets in the export's YAML{some}, or write `reading: {{sheets: all}}`; then "
        "materialize again"
    )


def _yaml_text(name: str) -> str:
    escaped = printable(name.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"'


def _quoted(text: str) -> str:
    return markdown_code(shortened(text))
