"""Where the tables are, as Dagster's resources show it: the only module above `tables/` that tells places apart."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional, Self

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.config.descriptions import descriptions
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.stores import POSTGRES, Lake
from pipefy_exports_dagster.tables.store import TableStore
from pipefy_exports_dagster.tables.stores import store_of

SAYS = descriptions(Lake)
SAYS_OF_ALL = descriptions(PipefyExportsConfig)


class LakeFields(dg.Config):
    """Where a lake is. Credentials are named, and read from the environment when a run needs them."""

    data_path: str = Field(description=SAYS["data_path"])
    catalog: str = Field(default=POSTGRES, description=SAYS["catalog"])
    # `Optional[...]`: Dagster's config does not read `X | None`.
    catalog_env: Optional[str] = Field(default=None, description=SAYS["catalog_env"])  # noqa: UP045

    @classmethod
    def of(cls, lake: Lake | None) -> Self | None:
        """Return the fields of a lake; None where there is none."""
        return cls(**asdict(lake)) if lake else None

    @property
    def lake(self) -> Lake:
        """The same facts, as everything else takes them."""
        return Lake(self.data_path, self.catalog, self.catalog_env)


class ResourceOfTables(dg.ConfigurableResource):
    """A resource that reads or writes tables: the fields that say where they are, beside the DuckDB file."""

    # `Optional[...]`: Dagster's config does not read `X | None`.
    lake: Optional[LakeFields] = Field(default=None, description=SAYS_OF_ALL["lake"])  # noqa: UP045
    read_copy: bool = Field(default=True, description=SAYS_OF_ALL["read_copy"])

    @staticmethod
    def place_of(config: PipefyExportsConfig) -> dict[str, Any]:
        """Return the values of these fields for a configuration."""
        return {"lake": LakeFields.of(config.lake), "read_copy": config.read_copy}

    def store(self, database: Path) -> TableStore:
        """Return the place of the tables; `database` is the DuckDB file where they are in no other."""
        return store_of(database, self.lake.lake if self.lake else None, read_copy=self.read_copy)
