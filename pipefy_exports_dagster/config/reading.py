"""How a file is read: part of the one configuration, apart from it because the process that reads needs no more.

All of it is checked here, when definitions load: what is found out in a run would be taken for the file's fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipefy_exports_dagster.config.date_formats import date_format_problem, is_zoned
from pipefy_exports_dagster.config.field_checks import check_fields
from pipefy_exports_dagster.config.pinned_types import is_zoned_type, pinned_type_problem
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.quoting import quoted_value

ALL_SHEETS = "all"
DECIMAL_MARKS = (",", ".")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What is said about an export's files, and the limits of the process that reads them.

    Args:
        column_types: Pinned DuckDB types by column name or original header; a value that does not fit
            fails the load.
        decimal_mark: `,` or `.`; without it, text such as `1.234,56` stays text.
        date_format: A strptime format such as `%d/%m/%Y`; without it, only ISO dates become dates.
        max_memory_bytes: Resident memory at which the reading process is ended.
        max_seconds: Time after which the reading process is ended.
        max_unpacked_bytes: What a workbook or archive may unpack to.
        sheets: Names of the workbook's sheets to load, or `all` for all that have rows; without it, the sheet that is
            active, and those that have all of its columns.
        show_values: Whether values of the file may be shown outside the table: in previews, profiles, errors.
    """

    column_types: Mapping[str, str] = field(default_factory=dict)
    decimal_mark: str | None = None
    date_format: str | None = None
    max_memory_bytes: int = 1_800_000_000
    max_seconds: float = 900.0
    max_unpacked_bytes: int = 8_000_000_000
    sheets: str | Sequence[str] = ()
    show_values: bool = True

    def __post_init__(self) -> None:
        """Refuse what no file could be read with; the errors begin with their field."""
        check_fields(self)
        _check_column_types(self.column_types)
        if self.decimal_mark not in (None, *DECIMAL_MARKS):
            raise ConfigurationError(f"`decimal_mark` is {quoted_value(self.decimal_mark)}; use ',' or '.'")
        if self.date_format is not None:
            _check_date_format(self.date_format, self.column_types)
        object.__setattr__(self, "sheets", _checked_sheets(self.sheets))


def _check_column_types(column_types: object) -> None:
    if not isinstance(column_types, Mapping):
        raise ConfigurationError(
            f"`column_types` is {quoted_value(column_types)}; give types by column, such as "
            "{'amount': 'DECIMAL(18,2)'}"
        )
    for column, type_ in column_types.items():
        if not isinstance(column, str) or not column.strip():
            raise ConfigurationError(
                f"`column_types` holds the column {quoted_value(column)}; give a name or header"
            )
        if not isinstance(type_, str):
            raise ConfigurationError(
                f"`column_types` pins {column!r} as {quoted_value(type_)}; give a type's name"
            )
        if problem := pinned_type_problem(type_):
            raise ConfigurationError(f"`column_types` pins {column!r} as {quoted_value(type_)}: {problem}")


def _check_date_format(date_format: str, column_types: Mapping[str, str]) -> None:
    problem = date_format_problem(date_format)
    if not problem and is_zoned(date_format) and not any(map(is_zoned_type, column_types.values())):
        problem = (
            "it has a zone, which only columns take that `column_types` pins as TIMESTAMP WITH TIME ZONE"
        )
    if problem:
        raise ConfigurationError(f"`date_format` is {quoted_value(date_format)}: {problem}")


def _checked_sheets(sheets: object) -> str | tuple[str, ...]:
    """Tell one name from a list of names."""
    example = f"give a list of names, such as ['Cards'], or `{ALL_SHEETS}`"
    if sheets == ALL_SHEETS:
        return ALL_SHEETS
    if not isinstance(sheets, Sequence) or isinstance(sheets, str | bytes):
        raise ConfigurationError(f"`sheets` is {quoted_value(sheets)}; {example}")
    for name in sheets:
        if not isinstance(name, str) or not name.strip():
            raise ConfigurationError(
                f"`sheets` holds {quoted_value(name)}, which is no name of a sheet; {example}"
            )
    return tuple(sheets)
