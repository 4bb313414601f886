"""The environment in which everything talks to the sandbox, and nothing touches real data."""

import os
from pathlib import Path

from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.config.variables import VARIABLES
from pipefy_exports_dagster.sandbox import well_known

OURS = ("PIPEFY_", "DAGSTER_")
MIN_INTERVAL_S = 0.5
"""The sandbox takes two seconds for an export, and nobody minds how often it is asked."""


def sandbox_data_dir(data_dir: Path) -> Path:
    """Return the folder for all of the sandbox's data: apart from anything real."""
    return data_dir / "sandbox"


def sandbox_environment(url: str, data_dir: Path) -> dict[str, str]:
    """Return the environment for processes that are to use the sandbox at `url`.

    Every setting of ours is replaced, so that nothing of a real account can slip in.

    Args:
        url: Where the sandbox answers.
        data_dir: The folder for raw files, database and Dagster instance; made if it is not there.
    """
    rest = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    home = prepare_instance(data_dir / "dagster", data_dir=data_dir)
    return rest | sandbox_settings(url, data_dir) | {"DAGSTER_HOME": str(home)}


def sandbox_settings(url: str, data_dir: Path) -> dict[str, str]:
    """Return every setting of ours: those that the sandbox at `url` needs, and no other."""
    not_set = {variable.name: "" for variable in VARIABLES}
    return not_set | {
        "PIPEFY_BASE_URL": url,
        "PIPEFY_TOKEN": well_known.TOKEN,
        "PIPEFY_ORG_ID": well_known.ORGANIZATION_ID,
        "PIPEFY_ORGANIZATION_REPORT_ID": well_known.REPORT_ID,
        "PIPEFY_ALLOW_INSECURE_URLS": "true",
        "PIPEFY_EXPORTS_MIN_INTERVAL_S": str(MIN_INTERVAL_S),
        "PIPEFY_EXPORTS_DATA_DIR": str(data_dir),
        "PIPEFY_EXPORTS_DATABASE": str(data_dir / "pipefy_exports.duckdb"),
    }
