"""The lake of a configuration as Dagster's resources show it."""

from dataclasses import asdict
from typing import Optional, Self

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.config.descriptions import descriptions
from pipefy_exports_dagster.config.stores import POSTGRES, Lake

SAYS = descriptions(Lake)


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
