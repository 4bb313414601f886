"""`pipefy-exports pipes`."""

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_json, echo_table, readers_may_leave
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.config.exports import PipeReport
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.look_ups import list_pipes
from pipefy_exports_dagster.pipefy.organization import require_organization_id


@click.command()
@click.option("--organization-id", metavar="ID", show_default="PIPEFY_ORG_ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def pipes(*, organization_id: str | None, as_json: bool) -> None:
    """List an organization's pipes that the credentials see, with their ids.

    The id is what PIPEFY_PIPE_ID and `pipefy-exports reports --pipe` take; `asset` names the assets that export a
    report of the pipe.
    """
    with cli_errors(as_json=as_json, undone=""), readers_may_leave():
        settings = read_settings()
        config = settings.of_organization(organization_id)
        id_ = require_organization_id(organization_id or config.organization_id)
        with Progress() as progress, PipefyClient.from_environment(config.connection) as client:
            progress.show("asking Pipefy")
            found = list_pipes(client, id_)
        assets = settings.assets_by(PipeReport, "pipe_id")
        if as_json:
            listed = [{"id": pipe.id, "name": pipe.name, "assets": assets.get(pipe.id, [])} for pipe in found]
            echo_json({"organization_id": id_, "pipes": listed})
            return
        echo_table(
            ("id", "name", "asset"),
            [(pipe.id, pipe.name, ", ".join(assets.get(pipe.id, []))) for pipe in found],
            empty=f"Organization {id_} has no pipe that the credentials see.",
        )
