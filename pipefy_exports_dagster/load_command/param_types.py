"""What the options of `pipefy-exports load` take, beyond what click knows."""

import re
from datetime import UTC, date, datetime

import click

FIRST_YEAR = 2000
"""An export of an earlier month is a slip of the keyboard."""


class Organization(click.ParamType):
    """An organization's id."""

    name = "number"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that it is a number."""
        if not re.fullmatch(r"[0-9]{1,18}", value):
            self.fail(f"{value!r} is not the number after /organizations/ in an address", param, ctx)
        return value


class Month(click.ParamType):
    """A calendar month, as its first day."""

    name = "YYYY-MM"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the month."""
        if isinstance(value, date):
            return value
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", value)
        try:
            month = date(int(found[1]), int(found[2]), 1) if found else None
        except ValueError:
            month = None
        if month is None or month.year < FIRST_YEAR:
            self.fail(f"{value!r} is not a month such as 2026-11", param, ctx)
        return month


class Moment(click.ParamType):
    """An ISO 8601 time that has passed; one without a zone is UTC."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the time."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a time such as 2026-11-22T12:00:00Z", param, ctx)
        if moment > datetime.now(UTC) or moment.year < FIRST_YEAR:
            # A future one would refuse every export until then.
            self.fail(f"{value!r} is not a time at which an export can have been finished", param, ctx)
        return moment


class ColumnType(click.ParamType):
    """A column and the type pinned for it."""

    name = "column=TYPE"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the last equals sign: a header may hold one, a type does not."""
        if isinstance(value, tuple):
            return value
        column, _, type_ = value.rpartition("=")
        if not column.strip() or not type_.strip():
            self.fail(f"{value!r} is not of the form column=TYPE, such as amount=DECIMAL(18,2)", param, ctx)
        return column.strip(), type_.strip()


class DateFormat(click.ParamType):
    """A strptime format that DuckDB knows."""

    name = "strptime"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Try the format, before a file is blamed for it."""
        import duckdb

        from pipefy_exports_dagster.sql import literal

        try:
            with duckdb.connect() as connection:
                connection.execute(f"SELECT try_strptime('', {literal(value)})")
        except (duckdb.Error, ValueError) as error:
            reason = str(error).splitlines()[0]
            self.fail(f"{value!r} is not a date format such as %d/%m/%Y: {reason}", param, ctx)
        return value
