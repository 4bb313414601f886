"""What `pipefy-exports reports` does beyond listing: finding reports by themselves, and writing them down."""

from collections.abc import Iterable, Sequence
from typing import Any

import click

from pipefy_exports_dagster.cli.output import echo_json, echo_table
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.cli.settings import Settings
from pipefy_exports_dagster.config.discovery import FoundReport
from pipefy_exports_dagster.config.exports import PipeReport, Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import ConfigurationError, RequestRejectedError
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.look_ups import (
    Pipe,
    SavedReport,
    find_pipe,
    list_pipe_reports,
    list_reports,
)
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.text.quoting import printable


def refresh_reports(settings: Settings, *, as_json: bool) -> None:
    """Find the reports of each configuration that discovers them, keep the list, and print it.

    Raises:
        ConfigurationError: No configuration discovers reports.
        PipefyExportsError: Pipefy refuses or does not answer; the list that was kept stays.
    """
    from pipefy_exports_dagster.component.defs_state import find_reports, keep_reports, kept_reports
    from pipefy_exports_dagster.discovery.kept_reports import gone_of, problems_of, with_kept_reports

    configs = [config for config in settings.configs if config.discovers]
    if not configs:
        raise ConfigurationError(
            "no configuration has `reports: {discover: true}` or `pipe_reports: {discover: true}`; "
            "PIPEFY_EXPORTS_CONFIG names the YAML file that they are read from. In a `dg` project "
            "`dg utils refresh-defs-state` does it as well"
        )
    printed: list[dict[str, Any]] = []
    for config in configs:
        with Progress() as progress:
            before = kept_reports(config, settings.project_root)
            kept = find_reports(config, before, on_progress=progress.show, on_warning=_warn)
            place = keep_reports(config, settings.project_root, kept)
        known = {report.id: report for report in (*before.reports, *before.pipe_reports)} if before else {}
        found = with_kept_reports(config, kept)
        rows = [_row(report, known, found) for report in (*kept.reports, *kept.pipe_reports)]
        if not as_json:
            echo_table(
                ("id", "name", "pipe", "asset", ""),
                rows,
                empty="There is no report that the credentials see.",
            )
            click.echo(f"kept in {place}", err=True)
            for note in (*problems_of(found), *gone_of(found)):
                _warn(note)
        printed.append({"organization_id": config.organization_id, "kept_in": place, "reports": _json(rows)})
    if as_json:
        echo_json({"organizations": printed})


def print_reports_as_yaml(settings: Settings, organization_id: str | None) -> None:
    """Print an organization's saved reports as configuration."""
    config = settings.of_organization(organization_id)
    id_ = require_organization_id(organization_id or config.organization_id)
    with Progress() as progress, PipefyClient.from_environment(config.connection) as client:
        progress.show("asking Pipefy")
        found = [(one.id, one.name) for one in list_reports(client, id_)]
    assets = {
        str(export.organization_report_id): export.name
        for export in config.exports
        if isinstance(export, Report)
    }
    click.echo("reports:")
    for report_id, name, asset in _named(found, assets, config, kind="report"):
        click.echo(f'  - name: "{asset}"  # {printable(name)}\n    organization_report_id: {report_id}')


def print_pipes_reports_as_yaml(settings: Settings, pipe_id: str) -> None:
    """Print a pipe's saved reports as configuration."""
    pipe, reports = reports_of_pipe(settings, pipe_id)
    # With the pipe's name: several pipes have reports of one name, and each list is printed without the others.
    found = [(one.id, f"{pipe.name} {one.name}") for one in reports]
    config = settings.config
    assets = {
        str(export.pipe_report_id): export.name for export in config.exports if isinstance(export, PipeReport)
    }
    click.echo(f"pipe_reports:  # of the pipe {printable(pipe.name)}")
    for report_id, name, asset in _named(found, assets, config, kind="pipe_report"):
        click.echo(
            f'  - name: "{asset}"  # {printable(name)}\n    pipe_id: {pipe.id}\n    pipe_report_id: {report_id}'
        )


def reports_of_pipe(settings: Settings, pipe_id: str) -> tuple[Pipe, Sequence[SavedReport]]:
    """Return a pipe and its saved reports.

    Raises:
        RequestRejectedError: There is no such pipe.
    """
    with Progress() as progress:
        progress.show("asking Pipefy")
        for connection in settings.connections():
            with PipefyClient.from_environment(connection) as client:
                if pipe := find_pipe(client, pipe_id):
                    on_page = lambda count: progress.show(f"{count} reports so far")  # noqa: E731
                    return pipe, list(list_pipe_reports(client, pipe, on_page=on_page))
    raise RequestRejectedError(
        f"Pipefy does not know the pipe {pipe_id!r}; `pipefy-exports pipes` lists those that there are"
    )


def _named(
    found: Iterable[tuple[str, str]], assets: dict[str, str], config: PipefyExportsConfig, *, kind: str
) -> list[tuple[str, str, str]]:
    """Return each report with the asset that exports it, or else the name that discovery would give it."""
    from pipefy_exports_dagster.discovery.asset_names import AssetNames

    names = AssetNames(export.name for export in config.exports)
    return [(id_, name, assets.get(id_) or names.name(name, id_, kind=kind)) for id_, name in found]


def _row(
    report: FoundReport, known: dict[str, FoundReport], config: PipefyExportsConfig
) -> tuple[str, str, str | None, str, str]:
    before = known.get(report.id)
    state = ""
    if report.asset not in config.found:
        state = "left out by `include` or `exclude`"
    elif report.gone_since:
        state = f"gone since {report.gone_since}"
    elif before is None:
        state = "new"
    elif before.name != report.name:
        state = f"was {before.name!r}"
    return report.id, report.name, report.pipe, config.asset(report.asset), state


def _json(rows: Sequence[tuple[str, str, str | None, str, str]]) -> list[dict[str, Any]]:
    return [dict(zip(("id", "name", "pipe", "asset", "state"), row, strict=True)) for row in rows]


def _warn(text: str) -> None:
    click.echo(f"warning: {text}", err=True)
