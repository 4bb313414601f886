"""What a command works with: the code location's own configuration, and its Dagster instance."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.config import PipefyExportsConfig, config_from_environment
from pipefy_exports_dagster.dotenv_environment import dagster_home_of, environment_with_dotenv
from pipefy_exports_dagster.pipefy.client import PipefyClient


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration, and the folder of the Dagster instance, absolute."""

    config: PipefyExportsConfig
    dagster_home: Path

    def client(self) -> PipefyClient:
        """Return a client of Pipefy's API.

        Raises:
            ConfigurationError: There are no credentials, or the base URL cannot be used.
        """
        return PipefyClient.from_environment(self.config.connection)


def read_settings() -> Settings:
    """Read the environment, and `.env` of the working directory over it.

    The environment of this process gets what `.env` says: a `dagster.yaml` may name variables.

    Raises:
        ConfigurationError: A setting cannot be used, or `.env` cannot be read.
    """
    environment = environment_with_dotenv()
    os.environ.update(environment)
    return Settings(config_from_environment(environment), dagster_home_of(environment))
