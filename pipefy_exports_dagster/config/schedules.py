"""When things happen by themselves: part of the configuration."""

import re
from dataclasses import dataclass, field

from pipefy_exports_dagster.config.field_checks import check_fields
from pipefy_exports_dagster.errors import ConfigurationError

CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
CRON_WORDS = re.compile(r"@(hourly|daily|midnight|weekly|monthly|annually|yearly)")
CRON_NAMES = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule of the code location.

    Args:
        enabled: Whether it runs from the start. Otherwise a person switches it on in the UI, and what a person
            switched there stays so.
        cron: When it ticks, as five cron fields; none for the schedule's own time.
    """

    enabled: bool = False
    cron: str | None = None

    def __post_init__(self) -> None:
        """Refuse a time that no clock has, before Dagster does without saying where it stands."""
        check_fields(self)
        if self.cron is not None and (problem := _cron_problem(self.cron)):
            raise ConfigurationError(
                f"`cron` is {self.cron!r}: {problem}; use five fields, such as '0 15 * * *'"
            )


@dataclass(frozen=True, slots=True)
class Schedules:
    """What happens by itself.

    Args:
        last_month: `last_month` of every export, once a month; checked daily at 15:00 UTC. Its cron is in UTC.
        current_month: `current_month` of every export, daily at 15:00 UTC. Its cron is in UTC.
        month_end_history: The month that ended, into every history, on the second day of a month at 08:00. Its
            cron is in the organization's time zone.
        history_sensor: Whether the sensor that builds the months that each export brings runs from the start.
    """

    last_month: Schedule = field(default_factory=Schedule)
    current_month: Schedule = field(default_factory=Schedule)
    month_end_history: Schedule = field(default_factory=Schedule)
    history_sensor: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        check_fields(self)


def _cron_problem(cron: str) -> str | None:
    if CRON_WORDS.fullmatch(cron.strip()):
        return None
    fields = cron.split()
    if len(fields) != len(CRON_FIELDS):
        return f"it has {len(fields)} fields"
    for text, (name, lowest, highest) in zip(fields, CRON_FIELDS, strict=True):
        plain = CRON_NAMES.sub("1", text)
        parts = [re.fullmatch(r"(\*|(\d+)(-(\d+))?)(/[1-9]\d*)?", part) for part in plain.split(",")]
        values = [int(value) for part in parts if part for value in (part[2], part[4]) if value]
        if not all(parts) or any(not lowest <= value <= highest for value in values):
            return f"the {name} is {text!r}, which is not within {lowest} to {highest}"
    return None
