"""Reports that are found by themselves: which of them are exported.

What was found is not part of the configuration: it is kept beside it (`discovery/`), and filled in when the
configuration is read. Without it none of these reports is exported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pipefy_exports_dagster.config.descriptions import INTERNAL
from pipefy_exports_dagster.config.field_checks import check_fields
from pipefy_exports_dagster.errors import ConfigurationError

MANAGEMENT_TYPES = ("LOCAL_FILESYSTEM", "VERSIONED_STATE_STORAGE")


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A saved report that was found.

    `asset` is the name of its asset: the id decides it, so a renamed report keeps it. `pipe_id` and `pipe` are the pipe
    of a pipe's report. `gone_since` is the day on which Pipefy did not have it any more; its table stays.
    """

    id: str
    name: str
    asset: str
    pipe_id: str | None = None
    pipe: str | None = None
    gone_since: date | None = None

    def __str__(self) -> str:
        """Name it for people."""
        of_pipe = f" of the pipe {self.pipe!r}" if self.pipe else ""
        return f"{self.name!r} ({self.id}){of_pipe}"


@dataclass(frozen=True, slots=True)
class ReportDiscovery:
    """Saved reports that are found by themselves, an asset for each.

    Args:
        discover: Whether they are looked for.
        include: Names or ids of the reports to export, or of pipes with all of theirs, with `*` for any text; all
            reports, if none are given. The schedules export those that it names.
        exclude: Names or ids of reports, or of pipes, to leave out, with `*` for any text.
        schedule: Whether the schedules export all of them: every export mails a person.
        allow_wider_rows: Whether reports are exported although their own filter cannot be sent along, so that the file
            may hold rows that the filter leaves out.
        found: What was found; None where nobody has looked into the list that is kept.
        is_kept: Whether there is such a list.
    """

    discover: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schedule: bool = False
    allow_wider_rows: bool = False
    found: Sequence[FoundReport] | None = field(default=None, repr=False, metadata=INTERNAL)
    is_kept: bool = field(default=False, repr=False, metadata=INTERNAL)

    def __post_init__(self) -> None:
        """Refuse one name in place of several: its letters would be taken for names."""
        check_fields(self)
        for name in ("include", "exclude"):
            if isinstance(getattr(self, name), str):
                raise ConfigurationError(
                    f"`{name}` is {getattr(self, name)!r}; give a list, such as ['Sales*']"
                )
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))

    @property
    def chosen(self) -> tuple[FoundReport, ...]:
        """The reports to export."""
        if not self.discover:
            return ()
        return tuple(
            report
            for report in self.found or ()
            if (not self.include or _matches(report, self.include)) and not _matches(report, self.exclude)
        )

    def is_scheduled(self, report: FoundReport) -> bool:
        """Whether schedules export a report; one that is gone would fail each time."""
        return not report.gone_since and (self.schedule or _matches(report, self.include))

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The patterns of `include` that match no report that was found."""
        found = self.found or ()
        return tuple(one for one in self.include if not any(_matches(report, (one,)) for report in found))


@dataclass(frozen=True, slots=True)
class DefsState:
    """Where the list of found reports is kept, in the words of Dagster's state-backed components.

    Args:
        management_type: `LOCAL_FILESYSTEM` (in the project, or else in the data folder) or `VERSIONED_STATE_STORAGE`
            (where the Dagster instance keeps state).
        key: The key of the state; by default it names organization and prefix.
        refresh_if_dev: Whether `dg dev` and `dg check defs` look for reports each time. They ask Pipefy then, and fail
            without a network.
    """

    management_type: str = "LOCAL_FILESYSTEM"
    key: str | None = None
    refresh_if_dev: bool = False

    def __post_init__(self) -> None:
        """Refuse a kind of state that there is not."""
        check_fields(self)
        if self.management_type not in MANAGEMENT_TYPES:
            raise ConfigurationError(
                f"`management_type` is {self.management_type!r}; use {' or '.join(MANAGEMENT_TYPES)}"
            )


def _matches(report: FoundReport, patterns: Sequence[str]) -> bool:
    texts = [text for text in (report.name, report.id, report.pipe, report.pipe_id) if text]
    return any(_fits(pattern, text) for pattern in patterns for text in texts)


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is a pattern's, whatever the case. Only `*` has a meaning: names may have brackets."""
    parts = pattern.casefold().split("*")
    text = text.casefold()
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    rest = text[len(first) : len(text) - len(last)]
    for part in middle:
        _, found, rest = rest.partition(part) if part else ("", "-", rest)
        if not found:
            return False
    return True
