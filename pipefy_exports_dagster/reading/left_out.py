"""The sentences about parts of a file that are not in the table: for the log, the command line, and a check."""

import json
import shlex
from collections.abc import Iterable, Sequence
from enum import StrEnum

from pipefy_exports_dagster.reading.description import FileDescription, SheetRows
from pipefy_exports_dagster.text.quoting import markdown_code, printable

MAX_LISTED = 4
"""How many sheets and lines are named; the others are only counted."""
MAX_BYTES = 120
"""Characters of a name or line as JSON, where one letter takes up to 12. Excel's names have at most 31 letters."""
MAX_REMEDY_BYTES = 400
OTHERS = "those that are no part of it"


class Remedy(StrEnum):
    """Where the reader of the sentence configures which sheets are loaded."""

    YAML = "yaml"
    OPTIONS = "options"


def left_out(
    file: FileDescription, *, named: bool, remedy: Remedy = Remedy.YAML, show_values: bool = True
) -> tuple[str, ...]:
    """Return a sentence for each kind of content that the file has and the table does not; none if the table has all.

    Args:
        file: The file that was read.
        named: Whether the configuration names the sheets to load.
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
    """Return which lines above the header of a CSV file are left out; empty if there are none."""
    count = len(file.title_lines)
    said = f"{counted(count, 'line')} above the header left out"
    quoted = f": {listed(map(_quoted, file.title_lines))}" if show_values else ""
    return f"{said}{quoted}" if count else ""


def sheets_in_words(sheets: Sequence[SheetRows]) -> str:
    """Return sheets with their rows, for a text that may be rendered as Markdown."""
    facts = ((_quoted(sheet.name), rows_in_words(sheet)) for sheet in sheets)
    return listed(f"{name} ({rows})" if rows else name for name, rows in facts)


def rows_in_words(sheet: SheetRows) -> str:
    """Return a sheet's number of rows, if it is known, and whether the sheet is hidden."""
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
    """Return the options of `pipefy-exports load` for these sheets."""
    return " ".join(f"--sheet {shlex.quote(name)}" for name in names)


def shortened(text: str) -> str:
    """Return printable text, cut to the longest name that is shown."""
    whole = printable(text[: MAX_BYTES + 1])
    shown = whole[:MAX_BYTES]
    while len(json.dumps(shown)) > MAX_BYTES:
        shown = shown[:-1]
    return shown if shown == whole else f"{shown}…"


def listed(texts: Iterable[str]) -> str:
    """Return the first few texts, and how many more there are."""
    texts = list(texts)
    more = f" and {len(texts) - MAX_LISTED:,} more" if len(texts) > MAX_LISTED else ""
    return ", ".join(texts[:MAX_LISTED]) + more


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _what_to_do(file: FileDescription, remedy: Remedy) -> str:
    # All of them, even if one is a cover page: pasting this unread loses no row.
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
