"""What to do after a demo: each line can be pasted where the demo ran."""

from pathlib import Path

from pipefy_exports_dagster.cli.own_command import is_in_repository, own_command, shown_path
from pipefy_exports_dagster.config.model import PipefyExportsConfig

EXAMPLE = "SELECT status, count(*) AS jobs FROM automation_jobs_export GROUP BY ALL"


def next_steps(config: PipefyExportsConfig, picture: Path, *, has_credentials: bool) -> list[str]:
    """Return the lines.

    Args:
        config: Of the demo.
        picture: The file with rows per day.
        has_credentials: Whether `dev` would open the account of `.env` and not the sandbox.
    """
    in_repository = is_in_repository()
    if has_credentials:
        ui, account = own_command("dev", "--sandbox"), own_command("dev")
    else:
        ui = "make dev" if in_repository else own_command("dev")
        account = f"{own_command('init')}   (writes .env, to be filled in)"
    query = own_command("query", "--database", shown_path(str(config.database_path)), EXAMPLE)
    return [
        f"Rows per day:               {picture}   (in the UI on each partition's page)",
        f"See all of it in the UI:    {ui}   (http://127.0.0.1:3000)",
        f"Query it:                   {query}",
        f"Your own account:           {account}",
    ]
