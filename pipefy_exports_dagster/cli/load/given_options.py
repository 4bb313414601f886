"""How the command line says that a file is read: over what the configuration says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import click

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError, ReadLimitError

LIMIT_OPTIONS = {
    "max_memory_bytes": "--max-memory",
    "max_seconds": "--max-seconds",
    "max_unpacked_bytes": "--max-unpacked",
}
"""The options that set the limits, by the field that they fill."""
OTHER_OPTIONS = {
    "column_types": "--column-type",
    "decimal_mark": "--decimal-mark",
    "date_format": "--date-format",
    "sheets": "--sheet",
}
_FIELD = re.compile(f"`(?:reading\\.)?({'|'.join(OTHER_OPTIONS | LIMIT_OPTIONS)})`")


@dataclass(frozen=True, slots=True)
class GivenOptions:
    """What the command line says about reading; None and nothing leave what the configuration says."""

    column_types: Mapping[str, str]
    decimal_mark: str | None
    date_format: str | None
    sheets: str | Sequence[str]
    max_memory_bytes: int | None
    max_seconds: float | None
    max_unpacked_bytes: int | None

    def over(self, configured: ReadOptions) -> ReadOptions:
        """Return how a file is read.

        Raises:
            click.UsageError: The options do not go together, or not with the configuration.
        """
        try:
            return replace(
                configured,
                column_types={**configured.column_types, **self.column_types},
                decimal_mark=self.decimal_mark or configured.decimal_mark,
                date_format=self.date_format or configured.date_format,
                sheets=self.sheets or configured.sheets,
                max_memory_bytes=self.max_memory_bytes or configured.max_memory_bytes,
                max_seconds=self.max_seconds or configured.max_seconds,
                max_unpacked_bytes=self.max_unpacked_bytes or configured.max_unpacked_bytes,
            )
        except ConfigurationError as error:
            raise click.UsageError(_with_options(str(error))) from None


@contextmanager
def settings_named_as_options() -> Iterator[None]:
    """Let the message about a limit, or another setting of reading, name the option that says it here."""
    try:
        yield
    except ReadLimitError as error:
        raise error.on_command_line(LIMIT_OPTIONS) from None
    except ConfigurationError as error:
        raise ConfigurationError(_with_options(str(error))) from None


def _with_options(message: str) -> str:
    options = OTHER_OPTIONS | LIMIT_OPTIONS
    return _FIELD.sub(lambda found: options[found[1]], message)
