"""What a command works with: the code location's own configurations, and its Dagster instance."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.component.configurations import configurations, project_root
from pipefy_exports_dagster.config.dotenv import dagster_home_of, environment_with_dotenv
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.config.variables import CONFIG_FILE
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.pipefy.credentials import read_credentials
from pipefy_exports_dagster.tables.stores import table_store


@dataclass(frozen=True, slots=True)
class Settings:
    """The configurations, the folder of the Dagster instance, and the project's that the configurations are in."""

    configs: Sequence[PipefyExportsConfig]
    dagster_home: Path
    project_root: Path

    @property
    def config(self) -> PipefyExportsConfig:
        """The first configuration, and the only one unless a YAML file has more."""
        return self.configs[0]

    def of_organization(self, organization_id: str | None) -> PipefyExportsConfig:
        """Return the configuration of an organization, the first where it is not configured.

        Raises:
            ConfigurationError: None is given, and several organizations are configured.
        """
        configured = {config.organization_id: config for config in reversed(self.configs)}
        if organization_id is None and len(configured) > 1:
            listed = ", ".join(map(str, configured))
            raise ConfigurationError(
                f"several organizations are configured; give --organization-id, one of {listed}"
            )
        return configured.get(organization_id, self.config)

    def assets_by(self, kind: type, id_field: str) -> dict[str, list[str]]:
        """Return the assets of one class of settings, by the id in one of their fields, such as a report's."""
        assets: dict[str, list[str]] = {}
        for config in self.configs:
            for export in config.exports:
                if isinstance(export, kind) and (id_ := getattr(export, id_field)) is not None:
                    assets.setdefault(str(id_), []).append(config.asset(export.name))
        return assets

    def connections(self) -> list[Connection]:
        """Return each way to Pipefy once."""
        return list(dict.fromkeys(config.connection for config in self.configs))

    def database_config(self) -> PipefyExportsConfig:
        """Return a configuration with the database, or the lake.

        Raises:
            ConfigurationError: The configurations have different ones.
        """
        places = dict.fromkeys(str(table_store(config)) for config in self.configs)
        if len(places) > 1:
            raise ConfigurationError(
                f"the tables are in several places: {', '.join(places)}; give --database for a DuckDB file, or let "
                f"{CONFIG_FILE} name a YAML file with one of them"
            )
        return self.config


def read_settings() -> Settings:
    """Read the environment, and `.env` of the working directory over it.

    The environment of this process gets what `.env` says: a `dagster.yaml` may name variables.

    Raises:
        ConfigurationError: A setting cannot be used, or `.env` cannot be read.
    """
    environment = environment_with_dotenv()
    os.environ.update(environment)
    return Settings(configurations(environment), dagster_home_of(environment), project_root(environment))


def has_credentials(environment: Mapping[str, str]) -> bool:
    """Whether the environment holds a token or a service account; nothing at all means the sandbox.

    Raises:
        ConfigurationError: It holds something that cannot be used, such as half of a service account.
    """
    connection = Connection()
    if not any(environment.get(name, "").strip() for name in connection.credential_variables):
        return False
    read_credentials(connection, environment)
    return True
