"""The environment as every command sees it: `.env` of the working directory is read, and wins."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from pipefy_exports_dagster.errors import ConfigurationError


def environment_with_dotenv() -> dict[str, str]:
    """Return the environment with what `.env` says over it, as Dagster's own commands have it.

    Raises:
        ConfigurationError: There is a `.env` that cannot be read.
    """
    try:
        stored = dotenv_values(".env")
    except (OSError, ValueError) as error:
        # Without the error's text: it may quote the file, which holds credentials.
        raise ConfigurationError(
            f"the file .env cannot be read ({type(error).__name__}); it has to be text in UTF-8, "
            "readable by you"
        ) from None
    return os.environ | {name: value for name, value in stored.items() if value is not None}


def data_dir_of(environment: Mapping[str, str]) -> Path:
    """Return the data folder that an environment names, absolute."""
    return Path(environment.get("PIPEFY_EXPORTS_DATA_DIR") or "data").expanduser().absolute()


def dagster_home_of(environment: Mapping[str, str]) -> Path:
    """Return the folder of the Dagster instance: DAGSTER_HOME, or `dagster` in the data folder.

    Every command has to come to the same answer: with a second instance there is a second ledger of exports.
    """
    return (
        Path(environment.get("DAGSTER_HOME") or data_dir_of(environment) / "dagster").expanduser().absolute()
    )
