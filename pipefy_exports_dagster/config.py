"""One typed configuration for everything: the environment fills it, or a person does in Python.

Nothing here is secret. Credentials are named, not held: the environment is asked for them when a run
needs them, so that the code location loads without any.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pipefy_exports_dagster.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Connection:
    """Where Pipefy is, and the names of the environment variables that hold the credentials."""

    base_url: str = "https://app.pipefy.com"
    token_env: str = "PIPEFY_TOKEN"  # noqa: S105 - the name of a variable
    client_id_env: str = "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID"
    client_secret_env: str = "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET"  # noqa: S105 - the name of a variable
    allow_insecure_urls: bool = False
    download_hosts: tuple[str, ...] = ()
    request_timeout_s: float = 60.0
    max_answer_bytes: int = 10 * 2**20
    max_download_bytes: int = 2 * 2**30
    download_timeout_s: float = 3600.0

    def __post_init__(self) -> None:
        """Check the limits, and bring `download_hosts` into one form: `.A.com`, `*.a.com` mean `a.com`."""
        for name in ("request_timeout_s", "max_answer_bytes", "max_download_bytes", "download_timeout_s"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"`{name}` is {getattr(self, name)!r}; it has to be more than 0")
        object.__setattr__(self, "download_hosts", tuple(_host_suffix(host) for host in self.download_hosts))


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """How often an export's state is asked, and how long at most, in seconds.

    The interval is `elapsed * fraction`, kept between `min_interval_s` and `max_interval_s`: the end of
    an export is noticed at the latest a tenth of its duration late, by default.
    """

    min_interval_s: float = 1.0
    max_interval_s: float = 30.0
    fraction: float = 0.1
    timeout_s: float = 3600.0

    def __post_init__(self) -> None:
        """Refuse intervals that would ask without a pause."""
        if not (
            0 < self.min_interval_s <= self.max_interval_s and self.fraction >= 0 and self.timeout_s >= 0
        ):
            raise ConfigurationError(
                f"{self} cannot be used: intervals have to be more than 0, the shortest no longer than the longest, "
                "`fraction` and `timeout_s` not negative"
            )


class Wait(StrEnum):
    """What a run does while Pipefy writes the file."""

    INLINE = "inline"
    """It waits, and loads the file when it is there."""
    DEFERRED = "deferred"
    """It ends; `pending_exports_sensor` launches another run when the file is there."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What an asset's configuration says about its files, and the limits of the process that reads them.

    Args:
        column_types: Pinned DuckDB types by column name or original header; a value that does not fit
            fails the load.
        decimal_mark: `,` or `.`; without it, text such as `1.234,56` stays text.
        date_format: A strptime format; without it, only ISO dates become dates.
        max_memory_bytes: Resident memory at which the reading process is ended.
        max_seconds: Time after which the reading process is ended.
        max_unpacked_bytes: What a workbook or archive may unpack to.
        show_values: Whether values of the file may be shown outside the table: in previews, profiles, errors.
    """

    column_types: Mapping[str, str] = field(default_factory=dict)
    decimal_mark: str | None = None
    date_format: str | None = None
    max_memory_bytes: int = 1_800_000_000
    max_seconds: float = 900.0
    max_unpacked_bytes: int = 8_000_000_000
    show_values: bool = True


HISTORY_START = date(2024, 1, 1)
LAST_3_MONTHS_WINDOWS = ("complete", "including_current", "unknown")


@dataclass(frozen=True, slots=True)
class AutomationJobs:
    """The export of an organization's automation jobs.

    `time_column` says to which month a row belongs in the history (name or header; found where that is clear).
    Pipefy does not publish what `last_3_months` covers: `last_3_months_window` is `complete` (the three months
    before this one), `including_current` (this one and the two before) or `unknown`.
    """

    name: str = "automation_jobs_export"
    time_column: str | None = None
    last_3_months_window: str = "unknown"
    reading: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        """Refuse a window that means nothing."""
        if self.last_3_months_window not in LAST_3_MONTHS_WINDOWS:
            raise ConfigurationError(
                f"`last_3_months_window` is {self.last_3_months_window!r}; use {', '.join(LAST_3_MONTHS_WINDOWS)}"
            )


@dataclass(frozen=True, slots=True)
class Report:
    """An organization report to export: a saved report, or the columns given here.

    `filter` is a `ReportCardsFilter`; `sort_by` is `{"field": ..., "direction": "asc" | "desc"}`. The
    partition's period becomes a condition on `period_field`. `time_column` says to which month a row belongs in the
    history (name or header; found where that is clear).
    """

    name: str = "organization_report_export"
    organization_report_id: int | None = None
    pipe_ids: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    sort_by: Mapping[str, str] | None = None
    period_field: str = "created_at"
    time_column: str | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        """Refuse one column's name in place of several: its letters would be taken for columns."""
        if isinstance(self.columns, str):
            raise ConfigurationError(
                f"`columns` is {self.columns!r}; give a list of names, such as ['title']"
            )


_Export = TypeVar("_Export", AutomationJobs, Report)


@dataclass(frozen=True, slots=True)
class PipefyExportsConfig:
    """Everything that `build_pipefy_exports` needs.

    Times are in seconds. `resume_window_s` is the age up to which a pending export is resumed instead of
    asking for another. `partition_lock_timeout_s` is how long a run waits for another run of the same
    partition, `database_lock_timeout_s` how long for another process that holds the database. A step that
    failed for a reason that may pass is retried after `retry_delay_s`, then three and seven times that
    (Dagster's exponential backoff). `wait` says whether a run waits for Pipefy, or ends and leaves the waiting
    to a sensor. `history_start` is the first month of the history. `raw_retention_days` is the age, in the archive,
    from which `pipefy-exports prune` deletes raw files that nothing needs any more; None keeps all.
    With `show_values` false no value of a file is shown outside the tables: not in metadata, logs or errors.
    """

    organization_id: str | None = None
    connection: Connection = field(default_factory=Connection)
    automation_jobs: AutomationJobs | None = field(default_factory=AutomationJobs)
    reports: Sequence[Report] = (Report(),)
    data_dir: Path = Path("data")
    database: Path | None = None
    timezone: str = "UTC"
    wait: Wait = Wait.INLINE
    polling: PollPolicy = field(default_factory=PollPolicy)
    resume_window_s: float = 24 * 3600.0
    partition_lock_timeout_s: float = 2 * 3600.0
    database_lock_timeout_s: float = 600.0
    max_retries: int = 3
    retry_delay_s: float = 30.0
    read_copy: bool = True
    show_values: bool = True
    history_start: date = HISTORY_START
    raw_retention_days: int | None = None
    group_name: str = "pipefy"
    owners: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Make paths absolute at once: a run may have another working directory. Hand `show_values` down."""
        object.__setattr__(self, "history_start", self.history_start.replace(day=1))
        object.__setattr__(self, "wait", _wait(self.wait))
        object.__setattr__(self, "data_dir", Path(self.data_dir).expanduser().absolute())
        database = self.database or self.data_dir / "pipefy_exports.duckdb"
        object.__setattr__(self, "database", Path(database).expanduser().absolute())
        if self.raw_retention_days is not None and self.raw_retention_days < 1:
            raise ConfigurationError(
                f"PIPEFY_EXPORTS_RAW_RETENTION_DAYS is {self.raw_retention_days}; use 1 or more, or leave it out to "
                "keep all raw files"
            )
        if not self.show_values:
            if self.automation_jobs:
                object.__setattr__(self, "automation_jobs", _without_values(self.automation_jobs))
            object.__setattr__(self, "reports", tuple(map(_without_values, self.reports)))
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ConfigurationError(
                f"PIPEFY_EXPORTS_TIMEZONE {self.timezone!r} is not a time zone; use a name such as 'UTC' or "
                "'America/Sao_Paulo'"
            ) from None

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone: where its months begin."""
        return ZoneInfo(self.timezone)

    @property
    def database_path(self) -> Path:
        """The DuckDB file, absolute."""
        assert self.database is not None  # noqa: S101 - set in __post_init__
        return self.database


def config_from_environment(environ: Mapping[str, str] | None = None) -> PipefyExportsConfig:
    """Fill the configuration from the environment variables that the README lists.

    Raises:
        ConfigurationError: A variable has a value that cannot be used; the message names it.
    """
    environ = os.environ if environ is None else environ
    env = {name: value.strip() for name, value in environ.items() if value.strip()}
    defaults = Connection()
    data_dir = Path(env.get("PIPEFY_EXPORTS_DATA_DIR", "data"))
    database = env.get("PIPEFY_EXPORTS_DATABASE")
    report_id = env.get("PIPEFY_ORGANIZATION_REPORT_ID")
    return PipefyExportsConfig(
        organization_id=env.get("PIPEFY_ORG_ID"),
        connection=Connection(
            base_url=env.get("PIPEFY_BASE_URL", defaults.base_url),
            allow_insecure_urls=_flag(env, "PIPEFY_ALLOW_INSECURE_URLS", default=False),
            download_hosts=tuple(env.get("PIPEFY_DOWNLOAD_HOSTS", "").replace(",", " ").split()),
        ),
        reports=(
            Report(
                organization_report_id=_number("PIPEFY_ORGANIZATION_REPORT_ID", report_id)
                if report_id
                else None
            ),
        ),
        data_dir=data_dir,
        database=Path(database) if database else None,
        timezone=env.get("PIPEFY_EXPORTS_TIMEZONE", "UTC"),
        wait=_wait(env.get("PIPEFY_EXPORTS_WAIT", Wait.INLINE)),
        read_copy=_flag(env, "PIPEFY_EXPORTS_READ_COPY", default=True),
        raw_retention_days=_days("PIPEFY_EXPORTS_RAW_RETENTION_DAYS", env),
        show_values=_flag(env, "PIPEFY_EXPORTS_SHOW_VALUES", default=True),
    )


def _without_values(export: _Export) -> _Export:
    return replace(export, reading=replace(export.reading, show_values=False))


def _host_suffix(text: str) -> str:
    suffix = text.strip().lower().removeprefix("*").strip(".")
    if not re.fullmatch(r"[a-z0-9_][a-z0-9._-]*", suffix):
        raise ConfigurationError(
            f"PIPEFY_DOWNLOAD_HOSTS holds {text!r}; give names of hosts, such as files.example.com, without https://, "
            "port or path"
        )
    return suffix


def _wait(text: str) -> Wait:
    try:
        return Wait(text.lower())
    except ValueError:
        raise ConfigurationError(f"PIPEFY_EXPORTS_WAIT is {text!r}; use inline or deferred") from None


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    text = env.get(name)
    if text is None:
        return default
    if text.lower() not in words:
        raise ConfigurationError(f"{name} is {text!r}; use true or false")
    return words[text.lower()]


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ConfigurationError(f"{name} is {text!r}; use the number at the end of the page's address")
    return int(text)


def _days(name: str, env: Mapping[str, str]) -> int | None:
    text = env.get(name)
    if text is not None and not re.fullmatch(r"[0-9]{1,6}", text):
        raise ConfigurationError(f"{name} is {text!r}; use a number of days")
    return None if text is None else int(text)
