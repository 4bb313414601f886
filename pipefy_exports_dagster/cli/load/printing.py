"""The outcome for a person, or as JSON for a script."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipefy_exports_dagster.cli.load.outcome import NO_ORGANIZATION, Outcome
from pipefy_exports_dagster.cli.text import one_line
from pipefy_exports_dagster.config.naming import table_in_sql
from pipefy_exports_dagster.reading.description import FileDescription, SheetRows
from pipefy_exports_dagster.reading.left_out import counted, rows_in_words
from pipefy_exports_dagster.text.quoting import printable

LOG_WIDTH = 120
"""Columns, where the output goes to a file: the usual 80 would cut the tables."""


def print_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """Print what was done; where nobody can take it, say so: the rows are loaded all the same.

    What is not in the table is said on stderr, also beside JSON: a script that looks at nothing else shows that.
    """
    for warning in outcome.warnings:
        click.echo(f"Warning: {printable(warning)}", err=True)
    try:
        if as_json:
            click.echo(json.dumps(outcome.as_json(), indent=2))
        else:
            _print_for_people(outcome)
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_stdout()
    except OSError as error:
        _let_go_of_stdout()
        state = "nothing was to be loaded" if outcome.dry_run else "the rows are loaded"
        click.echo(f"Error: {state}, but the report could not be printed: {error.strerror}", err=True)
        sys.exit(1)


def _print_for_people(outcome: Outcome) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # not every terminal can show every header
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    report = outcome.report
    did = "would load" if outcome.dry_run else "loaded"
    rows = counted(report.rows, "row")
    console.print(
        Text(
            printable(f"{did} {rows} into {table_in_sql(report.schema, report.table)} of {outcome.database}")
        ),
        style="bold",
        soft_wrap=True,
    )
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(outcome):
        facts.add_row(Text(f"  {name}"), Text(printable(value), overflow="fold"))
    console.print(facts)
    columns = Table("column", "type", "header", title_justify="left")
    for column in report.columns:
        columns.add_row(*(Text(printable(cell)) for cell in (column.name, column.type, column.header)))
    console.print(columns)
    for note in outcome.notes:
        console.print(Text(f"Note: {one_line(note)}"), style="yellow", soft_wrap=True)


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
    report, slice_ = outcome.report, outcome.slice_
    file = report.file
    details = [file.kind, file.encoding, file.delimiter and f"separated by {file.delimiter!r}"]
    facts = [("file", ", ".join(detail for detail in details if detail))]
    if slice_.organization_id == NO_ORGANIZATION:
        facts.append(("slice", f"{slice_.period_filter}; other rows of the table stay"))
    else:
        exported_at = f"exported at {slice_.exported_at_utc:%Y-%m-%d %H:%M:%S} UTC"
        facts += [
            ("slice", f"organization {slice_.organization_id}, {slice_.period_filter}"),
            ("export", f"{slice_.export_id}, requested in {slice_.requested_month:%Y-%m}, {exported_at}"),
        ]
    if outcome.raw_file:
        facts.append(("archive", outcome.raw_file))
    facts += _contents(file, show_values=outcome.options.show_values)
    facts += [("change", str(change)) for change in report.changes]
    facts += [("broken view", name) for name in report.broken_views]
    facts.append(("seconds", f"{outcome.seconds:.1f}, {report.seconds_reading:.1f} of them reading"))
    return facts


def _contents(file: FileDescription, *, show_values: bool) -> list[tuple[str, str]]:
    facts = [
        ("sheets", _sheets(file.sheets_loaded)),
        ("not loaded", _sheets(file.sheets_skipped)),
        ("title lines", _title_lines(file.title_lines, show_values=show_values)),
    ]
    counts = (
        ("error cells", file.error_cells, "NULL in the table"),
        ("formulas", file.formula_cells, "their stored values in the table"),
        ("formulas as text", file.formulas_without_value, "stored without a value"),
        ("blank rows", file.dropped_blank_rows, "not in the table"),
    )
    facts += [(name, f"{count:,}, {said}" if count else "") for name, count, said in counts]
    return [(name, value) for name, value in facts if value]


def _sheets(sheets: Sequence[SheetRows]) -> str:
    facts = ((sheet.name, rows_in_words(sheet)) for sheet in sheets)
    return ", ".join(f"{name} ({rows})" if rows else name for name, rows in facts)


def _title_lines(lines: Sequence[str], *, show_values: bool) -> str:
    if not lines:
        return ""
    return f"{len(lines):,}, not in the table" + (f": {', '.join(map(repr, lines))}" if show_values else "")


def _let_go_of_stdout() -> None:
    """Keep the interpreter from failing once more when it flushes at its end."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
