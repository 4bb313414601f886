"""How a file is read: part of the one configuration, apart from it because the process that reads needs no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipefy_exports_dagster.errors import ConfigurationError

ALL_SHEETS = "all"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What is said about an export's files, and the limits of the process that reads them.

    Args:
        column_types: Pinned DuckDB types by column name or original header; a value that does not fit
            fails the load.
        decimal_mark: `,` or `.`; without it, text such as `1.234,56` stays text.
        date_format: A strptime format; without it, only ISO dates become dates.
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
        """Tell one name from a list of names."""
        if isinstance(self.sheets, str) and self.sheets != ALL_SHEETS:
            raise ConfigurationError(
                f"`sheets` is {self.sheets!r}; give a list of names, such as ['Cards'], or `{ALL_SHEETS}`"
            )
        if not isinstance(self.sheets, str):
            object.__setattr__(self, "sheets", tuple(self.sheets))
