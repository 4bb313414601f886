"""The environment as every command sees it: `.env` of the working directory is read, and wins."""

import os

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
