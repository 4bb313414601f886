"""The rows of a query as a table, as CSV or as JSON; each is printed as it comes."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import chain, islice

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipefy_exports_dagster.cli.output import is_terminal, plain_lines, terminal_table
from pipefy_exports_dagster.cli.query.reading import Rows
from pipefy_exports_dagster.text.quoting import escaped_json, printable, shown_json

TERMINAL_ROWS = 1_000
"""Nobody reads more in a terminal."""
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*|BIGNUM")
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$|^$')
_NULL = "NULL"


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def print_rows(rows: Rows, format_: Format) -> None:
    """Print all rows, or in a terminal the first thousand."""
    printers: dict[Format, Callable[[Rows], None]] = {
        Format.TABLE: _print_in_terminal if is_terminal() else _print_plain,
        Format.CSV: _print_csv,
        Format.JSON: _print_json,
    }
    printers[format_](rows)


def _print_in_terminal(rows: Rows) -> None:
    all_rows = chain.from_iterable(rows.batches)
    shown = list(islice(all_rows, TERMINAL_ROWS))
    console = Console(highlight=False)
    table = terminal_table([printable(name) for name in rows.columns], _numeric(rows), widest=console.width)
    for row in shown:
        table.add_row(*(_cell(value) for value in row))
    if sum(len(name) + 3 for name in rows.columns) + 1 <= console.width:
        console.print(table)
    else:
        _print_records(console, rows, shown)
    if next(all_rows, None) is not None:
        click.echo(
            f"These are the first {TERMINAL_ROWS:,} rows; --format csv or json prints all, and so does a pipe.",
            err=True,
        )


def _print_records(console: Console, rows: Rows, shown: list[tuple[str | None, ...]]) -> None:
    """Print each row as lines of `column  value`: side by side the columns would not fit."""
    for number, row in enumerate(shown, 1):
        console.rule(f"row {number}", align="left")
        record = Table.grid(padding=(0, 2))
        for name, value in zip(rows.columns, row, strict=True):
            record.add_row(Text(printable(name), style="bold"), _cell(value))
        console.print(record)


def _cell(value: str | None) -> Text:
    return Text(_NULL, style="dim") if value is None else Text(printable(value), overflow="fold")


def _print_plain(rows: Rows) -> None:
    header = [printable(name) for name in rows.columns]
    first = [_plain(row) for row in next(rows.batches, [])]
    rest = (_plain(row) for batch in rows.batches for row in batch)
    sys.stdout.writelines(f"{line}\n" for line in plain_lines([header, *first], _numeric(rows), rest))


def _plain(row: tuple[str | None, ...]) -> list[str]:
    return [_NULL if value is None else printable(value) for value in row]


def _numeric(rows: Rows) -> list[bool]:
    return [bool(_NUMBERS.fullmatch(type_)) for type_ in rows.types]


def _print_csv(rows: Rows) -> None:
    # A file or a program gets each byte; a terminal would obey some.
    shown: Callable[[str], str] = printable if is_terminal() else str
    sys.stdout.write(shown(",".join(map(_csv, rows.columns))) + "\n")
    for batch in rows.batches:
        sys.stdout.writelines(shown(",".join(map(_csv, row))) + "\n" for row in batch)


def _csv(value: str | None) -> str:
    """Return a field: NULL is nothing, and an empty text is "", which Python's own writer does not tell apart."""
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if _QUOTED.search(value) else value


def _print_json(rows: Rows) -> None:
    """Print an array of objects, one in each line."""
    names = [shown_json(name) for name in rows.columns]
    objects: Iterator[str] = (
        "{" + ", ".join(f"{name}: {_json(value)}" for name, value in zip(names, row, strict=True)) + "}"
        for batch in rows.batches
        for row in batch
    )
    sys.stdout.write("[")
    separator = "\n"
    for text in objects:
        sys.stdout.write(separator + text)
        separator = ",\n"
    sys.stdout.write("\n]\n")


def _json(value: str | None) -> str:
    if value is None:
        return "null"
    if not value.startswith('"') and ("NaN" in value or "Infinity" in value):
        # DuckDB writes them as they are, and JSON has no such numbers: they become texts.
        return shown_json(json.loads(value, parse_constant=str))
    return escaped_json(value)
