"""The saved reports: whether each is there, and whether it has what the configuration names."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from pipefy_exports_dagster.cli.doctor.finding import Finding, State, ok, report_error, report_warning
from pipefy_exports_dagster.config.exports import PipeReport, Report, ReportSettings
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import ALLOW_WIDER_ROWS, PIPE_ID, PIPE_REPORT_ID, REPORT_ID
from pipefy_exports_dagster.discovery.kept_reports import gone_of, problems_of
from pipefy_exports_dagster.errors import ConfigurationError, PermissionDeniedError, PipefyExportsError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.look_ups import SavedReport, find_pipe, find_report, list_pipe_reports
from pipefy_exports_dagster.pipefy.report_export import filter_to_send

SHOWN_COLUMNS = 40
FOUND = "reports found"


ANY_ORGANIZATION = "1"
"""Whether the organization's id is one is not the export's matter."""


def check_found_reports(config: PipefyExportsConfig) -> Iterator[Finding]:
    """Yield what there is to say of reports that are found by themselves, by the list that is kept."""
    if not config.discovers:
        return
    notes = [*problems_of(config), *gone_of(config)]
    for note in notes:
        yield report_warning(FOUND, note)
    if not notes:
        yield ok(FOUND, f"{len(config.found)} reports that were found by themselves are exported")


def check_request(export: ConfiguredExport, month: date) -> Finding | None:
    """Say why no export can be asked for, by the configuration alone; None where one can."""
    settings = export.settings
    if isinstance(settings, Report) and settings.organization_report_id is None and not settings.columns:
        return report_warning(
            export.asset,
            f"no report is configured: set {REPORT_ID} (`pipefy-exports reports` lists them), or "
            "leave this asset alone if no report is to be exported",
        )
    try:
        export.kind(ANY_ORGANIZATION).request(Period(PeriodFilter.LAST_MONTH, month))
    except ConfigurationError as error:
        return report_error(export.asset, str(error))
    return None


def check_saved_pipe_report(client: PipefyClient, name: str, report: PipeReport) -> Iterator[Finding]:
    """Yield what there is to say of the pipe and its saved report that a configured one names."""
    try:
        pipe = find_pipe(client, str(report.pipe_id))
        listed = list_pipe_reports(client, pipe) if pipe else ()
        saved = next((one for one in listed if one.id == str(report.pipe_report_id)), None)
    except PermissionDeniedError:
        yield report_error(
            name,
            f"the credentials may not see the pipe {report.pipe_id}: correct {PIPE_ID} (`pipefy-exports pipes` "
            "lists those that they see)",
        )
        return
    except PipefyExportsError as error:
        yield report_error(name, str(error))
        return
    if pipe is None:
        yield report_error(
            name,
            f"Pipefy does not know the pipe {report.pipe_id}: correct {PIPE_ID} (`pipefy-exports pipes` lists "
            "those that there are)",
        )
    elif saved is None:
        yield report_error(
            name,
            f"the pipe {pipe.name!r} ({pipe.id}) has no saved report {report.pipe_report_id}: correct "
            f"{PIPE_REPORT_ID} (`pipefy-exports reports --pipe {pipe.id}` lists those that there are)",
        )
    else:
        yield from _compared(name, report, saved)


def check_saved_report(client: PipefyClient, name: str, report: Report) -> Iterator[Finding]:
    """Yield what there is to say of the saved report that a configured one names."""
    if report.organization_report_id is None:
        yield ok(name, f"exports {len(report.columns)} columns of its own, without a saved report")
        return
    id_ = report.organization_report_id
    try:
        saved = find_report(client, str(id_))
    except PermissionDeniedError:
        yield report_error(
            name,
            f"the credentials may not see the saved report {id_}: correct {REPORT_ID} "
            "(`pipefy-exports reports` lists those that they see)",
        )
        return
    except PipefyExportsError as error:
        yield report_error(name, str(error))
        return
    if saved is None:
        yield report_error(
            name,
            f"Pipefy does not know the saved report {id_}: correct {REPORT_ID} "
            "(`pipefy-exports reports` lists those that there are)",
        )
        return
    yield from _compared(name, report, saved)


def _compared(name: str, report: ReportSettings, saved: SavedReport) -> Iterator[Finding]:
    findings = list(_compare(name, report, saved))
    yield from findings
    if not any(finding.state is State.ERROR for finding in findings):
        yield ok(name, f"exports {saved.name!r} ({saved.id}), {_count(report, saved)} columns")


def _compare(name: str, report: ReportSettings, saved: SavedReport) -> Iterator[Finding]:
    what = f"the saved report {saved.name!r} ({saved.id})"
    if not saved.columns and not report.columns:
        yield report_error(name, f"{what} has no columns, and its file would have none: add some in Pipefy")
    missing = _missing(report.columns, saved.columns)
    if missing:
        yield report_error(
            name,
            f"{what} lacks {_quoted(missing)} of the configured `columns`{_similar(missing, saved.columns)}. Correct "
            f"them, or add them to the report in Pipefy; it has {_shown(saved.columns)}",
        )
    wanted = report.pipe_ids if isinstance(report, Report) else ()
    pipes = _missing(map(str, wanted), saved.pipes)
    if pipes and saved.pipes:
        named = ", ".join(f"{id_} ({name})" for id_, name in saved.pipes.items())
        yield report_warning(
            name,
            f"{what} does not cover {_quoted(pipes)} of the configured `pipe_ids`; it has {named}",
        )
    if problem := filter_to_send(saved.filter)[1]:
        said = f"{what} has a filter of its own that cannot be sent along ({problem})"
        if report.allow_wider_rows:
            yield report_warning(name, f"{said}; rows that it leaves out in Pipefy may be in the export")
        else:
            yield report_error(
                name,
                f"{said}, so that no export is asked for. Save the report's filter again in Pipefy, or set "
                f"{ALLOW_WIDER_ROWS} to true on the report",
            )


def _missing(wanted: Iterable[str], there: Iterable[str]) -> list[str]:
    known = set(there)
    return [name for name in wanted if name not in known]


def _similar(missing: Sequence[str], there: Sequence[str]) -> str:
    found = [close[0] for name in missing if (close := difflib.get_close_matches(name, there, n=1))]
    return f" (is {_quoted(found)} meant?)" if found else ""


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _shown(columns: Sequence[str]) -> str:
    more = len(columns) - SHOWN_COLUMNS
    return ", ".join(columns[:SHOWN_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def _count(report: ReportSettings, saved: SavedReport) -> int:
    return len(report.columns or saved.columns)
