"""What is loaded, as the Dagster instance tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from pipefy_exports_dagster.orchestration.events import (
    DOWNLOADING_S,
    FILE_SIZE_BYTES,
    LOADING_S,
    WAITING_S,
    newest_materialization,
)
from pipefy_exports_dagster.orchestration.metadata.day_picture import picture_in
from pipefy_exports_dagster.orchestration.metadata.materialization import ROWS_PER_DAY
from pipefy_exports_dagster.periods import PeriodFilter


@dataclass(frozen=True, slots=True)
class LoadedPartition:
    """The newest materialization of a partition; `picture` is the SVG of its rows per day, if there is one."""

    table: str
    partition: str
    rows: int
    file_bytes: int
    waiting_s: float
    downloading_s: float
    loading_s: float
    picture: str | None


def loaded_partitions(home: Path, assets: Sequence[str]) -> list[LoadedPartition]:
    """Return the newest materialization of each partition of each asset.

    Args:
        home: The instance's folder, DAGSTER_HOME.
        assets: Names of export assets.
    """
    loaded = []
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for asset in assets:
            for period in PeriodFilter:
                newest = newest_materialization(instance, dg.AssetKey(asset), period.value)
                if newest:
                    value: dict[str, Any] = {name: entry.value for name, entry in newest.metadata.items()}
                    loaded.append(
                        LoadedPartition(
                            table=asset,
                            partition=period.value,
                            rows=newest.rows or 0,
                            file_bytes=value[FILE_SIZE_BYTES],
                            waiting_s=value[WAITING_S],
                            downloading_s=value[DOWNLOADING_S],
                            loading_s=value[LOADING_S],
                            picture=picture_in(str(value.get(ROWS_PER_DAY))),
                        )
                    )
    return loaded
