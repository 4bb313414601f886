"""`pipefy-exports reports`."""

from typing import Any

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_json, echo_table, readers_may_leave
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.cli.report_discovery import (
    print_pipes_reports_as_yaml,
    print_reports_as_yaml,
    refresh_reports,
    reports_of_pipe,
)
from pipefy_exports_dagster.cli.settings import Settings, read_settings
from pipefy_exports_dagster.config.exports import PipeReport, Report
from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import RequestRejectedError
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.look_ups import (
    ListedReport,
    SavedReport,
    find_report,
    list_reports,
)
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.text.quoting import printable


@click.command()
@click.argument("report_id", metavar="[REPORT]", required=False)
@click.option(
    "--pipe", "pipe_id", metavar="ID", help="The reports of this pipe, instead of the organization's."
)
@click.option("--organization-id", metavar="ID", show_default="PIPEFY_ORG_ID")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print the list as configuration, for a defs.yaml.")
@click.option(
    "--refresh",
    is_flag=True,
    help="Find the reports of `discover: true`, and keep the list. Exports nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def reports(
    *,
    report_id: str | None,
    pipe_id: str | None,
    organization_id: str | None,
    as_yaml: bool,
    refresh: bool,
    as_json: bool,
) -> None:
    """List an organization's saved reports with their ids, or all about one REPORT: its columns, pipes and filter.

    The id is what PIPEFY_ORGANIZATION_REPORT_ID takes, with --pipe what PIPEFY_PIPE_REPORT_ID takes; `asset` names
    the asset that exports the report.
    """
    if organization_id and (report_id or pipe_id):
        raise click.UsageError("the id of a report or a pipe says all; --organization-id goes without it")
    if as_yaml and (report_id or refresh or as_json):
        raise click.UsageError("--yaml prints the whole list, and goes without REPORT, --refresh and --json")
    if refresh and (report_id or pipe_id or organization_id):
        raise click.UsageError("--refresh finds all that `discover: true` asks for, and goes without an id")
    with cli_errors(as_json=as_json, undone=""), readers_may_leave():
        settings = read_settings()
        if refresh:
            refresh_reports(settings, as_json=as_json)
        elif pipe_id and as_yaml:
            print_pipes_reports_as_yaml(settings, pipe_id)
        elif as_yaml:
            print_reports_as_yaml(settings, organization_id)
        elif pipe_id:
            _show_pipes_reports(settings, pipe_id, report_id, as_json=as_json)
        elif report_id:
            _show_one(settings, report_id, as_json=as_json)
        else:
            config = settings.of_organization(organization_id)
            id_ = require_organization_id(organization_id or config.organization_id)
            _show_list(settings, config.connection, id_, as_json=as_json)


def _show_list(settings: Settings, connection: Connection, organization_id: str, *, as_json: bool) -> None:
    with Progress() as progress, PipefyClient.from_environment(connection) as client:
        progress.show("asking Pipefy")
        found = list(
            list_reports(
                client, organization_id, on_page=lambda count: progress.show(f"{count} reports so far")
            )
        )
    assets = settings.assets_by(Report, "organization_report_id")

    def listed(report: ListedReport) -> dict[str, Any]:
        names = assets.get(report.id, [])
        return {"id": report.id, "name": report.name, "card_count": report.cards, "assets": names}

    if as_json:
        echo_json({"organization_id": organization_id, "reports": [listed(report) for report in found]})
        return
    echo_table(
        ("id", "name", "cards", "asset"),
        [(one.id, one.name, one.cards, ", ".join(assets.get(one.id, []))) for one in found],
        empty=f"Organization {organization_id} has no saved report that the credentials see.",
    )


def _show_pipes_reports(settings: Settings, pipe_id: str, report_id: str | None, *, as_json: bool) -> None:
    pipe, found = reports_of_pipe(settings, pipe_id)
    assets = settings.assets_by(PipeReport, "pipe_report_id")
    if report_id:
        report = next((one for one in found if one.id == report_id), None)
        if report is None:
            raise RequestRejectedError(
                f"the pipe {pipe.name!r} ({pipe.id}) has no saved report {report_id!r}; `pipefy-exports reports --pipe "
                f"{pipe.id}` lists those that there are"
            )
        _print_one(report, assets.get(report.id, []), as_json=as_json)
        return
    if as_json:
        listed = [
            {"id": one.id, "name": one.name, "columns": list(one.columns), "assets": assets.get(one.id, [])}
            for one in found
        ]
        echo_json({"pipe_id": pipe.id, "pipe": pipe.name, "reports": listed})
        return
    echo_table(
        ("id", "name", "columns", "asset"),
        [(one.id, one.name, len(one.columns), ", ".join(assets.get(one.id, []))) for one in found],
        empty=f"The pipe {pipe.name} ({pipe.id}) has no saved report that the credentials see.",
    )


def _show_one(settings: Settings, report_id: str, *, as_json: bool) -> None:
    report = None
    with Progress() as progress:
        progress.show("asking Pipefy")
        for connection in settings.connections():
            with PipefyClient.from_environment(connection) as client:
                report = report or find_report(client, report_id)
    if report is None:
        raise RequestRejectedError(
            f"Pipefy does not know the saved report {report_id!r} of an organization; `pipefy-exports reports` lists "
            "those that there are. A pipe's report takes `--pipe ID` as well"
        )
    _print_one(
        report, settings.assets_by(Report, "organization_report_id").get(report.id, []), as_json=as_json
    )


def _print_one(report: SavedReport, assets: list[str], *, as_json: bool) -> None:
    if as_json:
        echo_json(
            {
                "id": report.id,
                "name": report.name,
                "columns": list(report.columns),
                "pipes": dict(report.pipes),
                "filter": report.filter,
                "sort_by": report.sort_by,
                "updated_at": report.updated_at,
                "assets": assets,
            }
        )
        return
    for name, value in _facts(report, assets):
        click.echo(f"{name:9}  {printable(value)}".rstrip())


def _facts(report: SavedReport, assets: list[str]) -> list[tuple[str, str]]:
    from json import dumps

    sort = report.sort_by
    return [
        ("id", report.id),
        ("name", report.name),
        ("columns", ", ".join(report.columns)),
        ("pipes", ", ".join(f"{name} ({id_})" for id_, name in report.pipes.items())),
        ("filter", dumps(report.filter, ensure_ascii=False) if report.filter else ""),
        ("sorted by", f"{sort.get('field')} {sort.get('direction')}" if sort else ""),
        ("changed", report.updated_at or ""),
        ("asset", ", ".join(assets)),
    ]
