"""What the options of `pipefy-exports load` take, beyond what click knows."""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import click

from pipefy_exports_dagster.config.date_formats import date_format_problem
from pipefy_exports_dagster.config.field_checks import ANY_NUMBER, SECONDS, SECONDS_OR_0
from pipefy_exports_dagster.config.pinned_types import pinned_type_problem
from pipefy_exports_dagster.config.sizes import bytes_of

FIRST_YEAR = 2000
"""An export of an earlier month is a slip of the keyboard."""


class OrganizationId(click.ParamType):
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
        if problem := pinned_type_problem(type_):
            self.fail(f"{value!r} cannot be pinned: {problem}", param, ctx)
        return column.strip(), type_.strip()


class DateFormat(click.ParamType):
    """A strptime format from which DuckDB reads dates."""

    name = "strptime"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the format, before a file is blamed for it."""
        if problem := date_format_problem(value):
            self.fail(f"{value!r} is not a date format such as %d/%m/%Y: {problem}", param, ctx)
        return value


class Size(click.ParamType):
    """A size in bytes, such as 4GB."""

    name = "size"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the size."""
        size = value if isinstance(value, int) else bytes_of(value)
        if size is None or (problem := ANY_NUMBER.problem(size)):
            why = "" if size is None else f": {problem}"
            self.fail(f"{value!r} is not a size such as 4GB{why}", param, ctx)
        return size


class Seconds(click.ParamType):
    """A time in seconds; `waiting` may be none at all, or without end."""

    name = "seconds"

    def __init__(self, *, waiting: bool = False) -> None:
        self.waiting = waiting

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number; NaN would pass every comparison."""
        try:
            seconds = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        if self.waiting and seconds == math.inf:
            return seconds
        range_ = SECONDS_OR_0 if self.waiting else SECONDS
        if math.isnan(seconds) or (problem := range_.problem(seconds)):
            why = "" if math.isnan(seconds) else f": {problem}"
            self.fail(f"{value!r} is not a time in seconds that can be used{why}", param, ctx)
        return seconds


def wait_option(says: str) -> Callable[[Any], Any]:
    """Return the option `--wait`, which gives `wait_s`."""
    return click.option(
        "--wait",
        "wait_s",
        type=Seconds(waiting=True),
        default=60.0,
        metavar="SECONDS",
        show_default=True,
        help=says,
    )
