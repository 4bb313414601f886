"""`pipefy-exports organizations`."""

from dataclasses import asdict

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_json, echo_table, readers_may_leave
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.look_ups import Organization, list_organizations


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def organizations(*, as_json: bool) -> None:
    """List the organizations that the credentials see, with their ids.

    Those that PIPEFY_ORG_ID or PIPEFY_EXPORTS_CONFIG name are marked. `role` is what the owner of the credentials is
    in it; exporting automation jobs takes an administrator.
    """
    with cli_errors(as_json=as_json, undone=""), readers_may_leave():
        settings = read_settings()
        seen: dict[str, Organization] = {}
        with Progress() as progress:
            progress.show("asking Pipefy")
            for connection in settings.connections():
                with PipefyClient.from_environment(connection) as client:
                    seen |= {one.id: one for one in list_organizations(client)}
        found = list(seen.values())
        configured = {config.organization_id for config in settings.configs}
        if as_json:
            listed = [asdict(one) | {"is_configured": one.id in configured} for one in found]
            echo_json({"organizations": listed})
            return
        echo_table(
            ("id", "name", "role", "plan", "members", "pipes", "configured"),
            [
                (one.id, one.name, one.role, one.plan, one.members, one.pipes, _mark(one.id in configured))
                for one in found
            ],
            empty="The credentials see no organization.",
        )


def _mark(is_configured: bool) -> str:
    return "*" if is_configured else ""
