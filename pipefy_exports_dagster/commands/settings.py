"""What a command works with: the code location's own configurations, and its Dagster instance."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.config import PipefyExportsConfig
from pipefy_exports_dagster.configurations import configurations
from pipefy_exports_dagster.dotenv_environment import dagster_home_of, environment_with_dotenv
from pipefy_exports_dagster.pipefy.client import PipefyClient


@dataclass(frozen=True, slots=True)
class Settings:
    """The configurations, and the folder of the Dagster instance, absolute."""

    configs: Sequence[PipefyExportsConfig]
    dagster_home: Path

    @property
    def config(self) -> PipefyExportsConfig:
        """The first configuration, and the only one unless a YAML file has more."""
        return self.configs[0]

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
    return Settings(configurations(environment), dagster_home_of(environment))
