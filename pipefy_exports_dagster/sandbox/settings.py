"""What a sandbox is started with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ApiDialect(StrEnum):
    """Which forms of `createAutomationJobsExport` the schema has; both are in public use."""

    BOTH = "both"
    DOCUMENTED = "documented"
    INPUT = "input"


class FileFormat(StrEnum):
    """What the exported files are."""

    XLSX = "xlsx"
    CSV = "csv"


class DateColumns(StrEnum):
    """When an export of cards has columns of dates."""

    NAMED = "named"
    """Only those that the request's `columns` name: what the vendor's own MCP server says."""
    ALWAYS = "always"
    """Also a saved report's, without `columns`: what the vendor's guide says."""


class Writer(StrEnum):
    """In which library's form the workbooks are."""

    CAXLSX = "caxlsx"
    OPENPYXL = "openpyxl"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Everything that a sandbox's data and behaviour follow from.

    Args:
        port: 0 takes a free one.
        jobs: Automation jobs of the first organization over the five months that end at `now`; every
            other organization has a quarter.
        cards: The same for cards.
        organizations: How many organizations the default credentials see.
        reports: Saved reports per organization.
        pipes: Pipes per organization, five or more.
        pipe_reports: Saved reports of pipes per organization, shared out among its pipes.
        pipe_exports_per_day: How many exports of one pipe's reports Pipefy takes in 24 hours.
        processing_seconds: From an export's creation until it is finished; with 0 the answer to its
            creation already has the link.
        writer: Of workbooks. Pipefy is a Rails application, and caxlsx is what those write workbooks with.
        now: What the sandbox's clock reads at the start, then it runs on. None: the real time.
        last_3_months_includes_current: Whether `last_3_months` of automation jobs is the current month
            and the two before it, instead of the three complete months before it. Pipefy does not say.
        date_columns: When an export of a saved report has columns of dates.
        faults: What goes wrong from the start, each `operation:fault[:times][:argument]`.
    """

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 7
    jobs: int = 20_000
    cards: int = 5_000
    organizations: int = 2
    reports: int = 12
    pipes: int = 5
    pipe_reports: int = 10
    pipe_exports_per_day: int = 25
    processing_seconds: float = 2.0
    dialect: ApiDialect = ApiDialect.BOTH
    file_format: FileFormat = FileFormat.XLSX
    writer: Writer = Writer.CAXLSX
    date_columns: DateColumns = DateColumns.NAMED
    link_lifetime_seconds: float = 3600.0
    token_lifetime_seconds: float = 3600.0
    now: datetime | None = None
    last_3_months_includes_current: bool = False
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Turn text, as the command line and tests give it, into what it stands for."""
        object.__setattr__(self, "dialect", ApiDialect(self.dialect))
        object.__setattr__(self, "file_format", FileFormat(self.file_format))
        object.__setattr__(self, "writer", Writer(self.writer))
        object.__setattr__(self, "date_columns", DateColumns(self.date_columns))
