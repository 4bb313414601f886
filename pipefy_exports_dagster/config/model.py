"""One typed configuration for everything: the environment fills it, or a person does in YAML or in Python.

The fields are described once, in `Args:`, here and in the modules of what this is made of; the component's schema is
made from them. Nothing here is secret. Credentials are named, not held: the environment is asked for them when a run
needs them, so that the code location loads without any.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from pipefy_exports_dagster.config.descriptions import NAMES_OF_SECRETS
from pipefy_exports_dagster.config.discovery import DefsState, FoundReport, ReportDiscovery
from pipefy_exports_dagster.config.exports import AutomationJobs, ExportSettings, PipeReport, Report
from pipefy_exports_dagster.config.field_checks import SECONDS_OR_0, Range, check_fields
from pipefy_exports_dagster.config.host_suffixes import host_suffix
from pipefy_exports_dagster.config.naming import asset_name, check_names_differ, checked_prefix, prefixed
from pipefy_exports_dagster.config.notify import checked_ui_url, named_or_hidden
from pipefy_exports_dagster.config.schedules import Schedules
from pipefy_exports_dagster.config.setting_names import TIMEZONE, WAIT
from pipefy_exports_dagster.config.stores import Lake, Locks, locks_named, raw_files_at
from pipefy_exports_dagster.errors import ConfigurationError

LONGEST_REQUEST_S = 1e6
DEFAULT_MIN_INTERVAL_S = 5.0
MOST_RETRIES = 100
MOST_DAYS = 100_000
"""Some 270 years; Python has no date for many more days ago."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where Pipefy is, and the names of the environment variables that hold the credentials.

    Args:
        base_url: The address of Pipefy's API, without `/graphql`.
        token_env: Name of the environment variable that holds a token.
        client_id_env: Name of the variable that holds a service account's client id.
        client_secret_env: Name of the variable that holds the service account's client secret.
        allow_insecure_urls: Allow http on the loopback interface, and files from there: for the sandbox.
        download_hosts: Host suffixes, besides `.pipefy.com`, that files may come from: at least a registered domain.
        request_timeout_s: How long one request may take, in seconds, to the last byte of its answer; of a download,
            to its first.
        max_answer_bytes: The longest answer of the API that is read.
        max_download_bytes: The largest file that is downloaded.
        download_timeout_s: How long a download may take, in seconds, with all redirects and attempts.
    """

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
        # More than some weeks no socket's timer takes.
        check_fields(self, {"request_timeout_s": Range(0, LONGEST_REQUEST_S)})
        object.__setattr__(self, "download_hosts", tuple(host_suffix(host) for host in self.download_hosts))

    @property
    def credential_variables(self) -> tuple[str, ...]:
        """The environment variables that hold the credentials, whichever they are: each `*_env` field names one."""
        return tuple(getattr(self, each.name) for each in fields(self) if each.name.endswith("_env"))


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """How often an export's state is asked, and how long at most, in seconds.

    The interval is `elapsed * fraction`, kept between `min_interval_s` and `max_interval_s`: the end of
    an export is noticed at the latest a tenth of its duration late, by default.

    Args:
        min_interval_s: The shortest pause between two questions about an export.
        max_interval_s: The longest.
        fraction: The pause as a share of the time since the export was asked for.
        timeout_s: How long a run waits for an export, counted from the request; it can be resumed after that.
    """

    min_interval_s: float = DEFAULT_MIN_INTERVAL_S
    max_interval_s: float = 60.0
    fraction: float = 0.1
    timeout_s: float = 3600.0

    def __post_init__(self) -> None:
        """Refuse intervals that would ask without a pause."""
        check_fields(self, {"fraction": Range(0, 1e6, included=True), "timeout_s": SECONDS_OR_0})
        if self.min_interval_s > self.max_interval_s:
            if self.min_interval_s == DEFAULT_MIN_INTERVAL_S:
                # Only the longest was given: the default of the other gives way.
                object.__setattr__(self, "min_interval_s", self.max_interval_s)
                return
            raise ConfigurationError(
                f"`min_interval_s` is {self.min_interval_s:g}; it has to be `max_interval_s`, {self.max_interval_s:g}, "
                "or less"
            )

    def pause_s(self, elapsed_s: float) -> float:
        """Return the pause before the next question about an export that was asked for so many seconds ago."""
        return min(max(elapsed_s * self.fraction, self.min_interval_s), self.max_interval_s)


class Wait(StrEnum):
    """What a run does while Pipefy writes the file."""

    INLINE = "inline"
    """It waits, and loads the file when it is there."""
    DEFERRED = "deferred"
    """It ends; `pipefy_pending_exports_sensor` launches another run when the file is there."""


HISTORY_START = date(2024, 1, 1)
LATEST_DUE_DAY = 28
"""Every month has it."""
RANGES = {
    "resume_window_s": SECONDS_OR_0,
    "partition_lock_timeout_s": SECONDS_OR_0,
    "database_lock_timeout_s": SECONDS_OR_0,
    "max_retries": Range(0, MOST_RETRIES, included=True),
    "retry_delay_s": SECONDS_OR_0,
    "raw_retention_days": Range(1, MOST_DAYS, included=True),
    "last_month_due_day": Range(1, LATEST_DUE_DAY, included=True),
}


@dataclass(frozen=True, slots=True)
class PipefyExportsConfig:
    """Everything that `build_pipefy_exports` needs. Times are in seconds.

    Args:
        organization_id: The number after `/organizations/` in the address of the organization's page.
        key_prefix: Prefix of the asset keys, such as `acme` or `[crm, acme]`. Tables go into a schema of that
            name, and jobs, schedules, sensors and resources carry it, so that several configurations can share a
            project and a database.
        connection: Where Pipefy is, and where the credentials are.
        automation_jobs: The export of automation jobs; none leaves it out.
        reports: The organization reports to export: a list, or `{discover: true}` for those that there are.
        data_dir: Folder for raw files, locks and, unless `database` is given, the database.
        database: The DuckDB file; `pipefy_exports.duckdb` in the data folder if it is not given.
        timezone: The organization's time zone, such as `America/Sao_Paulo`: where its months begin.
        schedules: Which exports and histories are made by themselves, and when.
        wait: Whether a run waits for Pipefy (`inline`), or ends and leaves the waiting to a sensor (`deferred`).
        polling: How often and how long Pipefy is asked about an export.
        resume_window_s: The age up to which a pending export is resumed instead of asking for another.
        partition_lock_timeout_s: How long a run waits for another run of the same partition.
        database_lock_timeout_s: How long a load waits for another process that holds the database.
        max_retries: How often a step is tried again that failed for a reason that may pass.
        retry_delay_s: The pause before that; the next are three and seven times as long (Dagster's exponential
            backoff).
        read_copy: Publish a copy of the database for readers after each load.
        show_values: Whether values of the files may be shown outside the tables: in metadata, logs and errors.
        history: Whether the exports have histories by calendar month.
        history_start: The first month of the histories.
        raw_retention_days: The age, in days in the archive, from which `pipefy-exports prune` deletes raw files that
            nothing needs any more; none keeps all.
        checks: Whether checks are run after each load.
        last_month_due_day: The day of the month by which `last_month` is expected; none if it is not.
        group_name: The assets' group in the UI.
        owners: The assets' owners: e-mail addresses, or `team:` and a name.
        pipe_reports: The reports of pipes to export: a list, or `{discover: true}` for those that there are.
        defs_state: Where the list of reports that were found is kept.
        notify: Who is told of failed runs and of checks that do not pass: names of environment variables that hold
            addresses for apprise, such as `mailto://...` or `slack://...`. Takes the extra `[notify]`.
        ui_url: The address of Dagster's UI, such as `https://dagster.example.com`, for links in messages.
        locks: What keeps two runs from one partition: `file`, or for several machines `postgres`. Without it the
            Dagster instance decides: `file` where it is in SQLite, `postgres` where it is in Postgres.
        raw_files: Where the raw files are kept: `s3://bucket/prefix` for several machines; the data folder if it
            is not given.
        lake: Tables in DuckLake, for several machines, instead of the DuckDB file.
    """

    organization_id: str | None = None
    key_prefix: str | Sequence[str] = ()
    connection: Connection = field(default_factory=Connection)
    automation_jobs: AutomationJobs | None = field(default_factory=AutomationJobs)
    reports: Sequence[Report] | ReportDiscovery = ()
    data_dir: Path = Path("data")
    database: Path | None = None
    timezone: str = "UTC"
    schedules: Schedules = field(default_factory=Schedules)
    wait: Wait = Wait.INLINE
    polling: PollPolicy = field(default_factory=PollPolicy)
    resume_window_s: float = 24 * 3600.0
    partition_lock_timeout_s: float = 2 * 3600.0
    database_lock_timeout_s: float = 600.0
    max_retries: int = 3
    retry_delay_s: float = 30.0
    read_copy: bool = True
    show_values: bool = True
    history: bool = True
    history_start: date = HISTORY_START
    raw_retention_days: int | None = None
    checks: bool = True
    last_month_due_day: int | None = 3
    group_name: str = "pipefy"
    owners: Sequence[str] = ()
    pipe_reports: Sequence[PipeReport] | ReportDiscovery = ()
    defs_state: DefsState = field(default_factory=DefsState)
    notify: str | Sequence[str] = field(default=(), metadata=NAMES_OF_SECRETS)
    ui_url: str | None = None
    locks: Locks | None = None
    raw_files: str | None = None
    lake: Lake | None = None

    def __post_init__(self) -> None:
        """Make paths absolute at once: a run may have another working directory. Check names and time zone."""
        check_fields(self, RANGES)
        object.__setattr__(self, "key_prefix", checked_prefix(self.key_prefix))
        if not self.exports and not self.discovers:
            raise ConfigurationError(
                "`automation_jobs` is off and no `reports` or `pipe_reports` are listed: nothing would be exported"
            )
        check_names_differ([export.name for export in self.exports], found=self.found)
        object.__setattr__(self, "history_start", self.history_start.replace(day=1))
        object.__setattr__(self, "wait", wait_named(self.wait))
        object.__setattr__(self, "notify", named_or_hidden(self.notify))
        object.__setattr__(self, "ui_url", checked_ui_url(self.ui_url))
        object.__setattr__(self, "locks", locks_named(self.locks))
        object.__setattr__(self, "raw_files", raw_files_at(self.raw_files))
        object.__setattr__(self, "data_dir", Path(self.data_dir).expanduser().absolute())
        database = self.database or self.data_dir / "pipefy_exports.duckdb"
        object.__setattr__(self, "database", Path(database).expanduser().absolute())
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ConfigurationError(
                f"{TIMEZONE} is {self.timezone!r}, which is not a time zone; use a name "
                "such as 'UTC' or 'America/Sao_Paulo'"
            ) from None

    @property
    def exports(self) -> tuple[ExportSettings, ...]:
        """The settings of every export, the automation jobs' first."""
        jobs = [self.automation_jobs] if self.automation_jobs else []
        return (*jobs, *self._reports(), *self._pipe_reports())

    @property
    def discovers(self) -> bool:
        """Whether reports of any kind are found by themselves."""
        return any(
            isinstance(part, ReportDiscovery) and part.discover for part in (self.reports, self.pipe_reports)
        )

    @property
    def found(self) -> Mapping[str, FoundReport]:
        """The reports that were found by themselves and are exported, by the names of their assets."""
        parts = [part for part in (self.reports, self.pipe_reports) if isinstance(part, ReportDiscovery)]
        return {report.asset: report for part in parts for report in part.chosen}

    def _reports(self) -> Iterator[Report]:
        if not isinstance(self.reports, ReportDiscovery):
            yield from self.reports
            return
        for found in self.reports.chosen:
            yield Report(
                found.asset,
                organization_report_id=int(found.id),
                allow_wider_rows=self.reports.allow_wider_rows,
                schedule=self.reports.is_scheduled(found),
            )

    def _pipe_reports(self) -> Iterator[PipeReport]:
        if not isinstance(self.pipe_reports, ReportDiscovery):
            yield from self.pipe_reports
            return
        for found in self.pipe_reports.chosen:
            yield PipeReport(
                found.asset,
                pipe_id=int(found.pipe_id or 0),
                pipe_report_id=int(found.id),
                allow_wider_rows=self.pipe_reports.allow_wider_rows,
                schedule=self.pipe_reports.is_scheduled(found),
            )

    @property
    def prefix(self) -> tuple[str, ...]:
        """The parts of the key prefix; none without one."""
        return tuple(self.key_prefix)

    def asset(self, name: str) -> str:
        """Write the asset of an export or a history of this configuration: `acme/automation_jobs_export`."""
        return asset_name(self.prefix, name)

    def definition_name(self, name: str) -> str:
        """Name a job, schedule, sensor or resource of this configuration: `acme__pipefy_exports`."""
        return prefixed(self.prefix, name)

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone: where its months begin."""
        return ZoneInfo(self.timezone)

    @property
    def database_path(self) -> Path:
        """The DuckDB file, absolute."""
        assert self.database is not None  # noqa: S101 - set in __post_init__
        return self.database


def wait_named(text: str) -> Wait:
    """Return a wait by its name.

    Raises:
        ConfigurationError: There is none of that name.
    """
    try:
        return Wait(str(text).lower())
    except ValueError:
        raise ConfigurationError(f"{WAIT} is {text!r}; use inline or deferred") from None
