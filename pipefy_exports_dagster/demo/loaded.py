"""What is loaded, as the Dagster instance tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from pipefy_exports_dagster.orchestration.metadata.day_picture import picture_in
from pipefy_exports_dagster.orchestration.metadata.materialization import ROWS_PER_DAY
from pipefy_exports_dagster.pipefy.periods import PeriodFilter


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
                filter_ = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[period.value])
                records = instance.fetch_materializations(filter_, limit=1).records
                if records and (materialization := records[0].asset_materialization):
                    value: dict[str, Any] = {
                        name: entry.value for name, entry in materialization.metadata.items()
                    }
                    loaded.append(
                        LoadedPartition(
                            table=asset,
                            partition=period.value,
                            rows=value["dagster/row_count"],
                            file_bytes=value["pipefy/file_size_bytes"],
                            waiting_s=value["pipefy/waiting_s"],
                            downloading_s=value["pipefy/downloading_s"],
                            loading_s=value["pipefy/loading_s"],
                            picture=picture_in(str(value.get(ROWS_PER_DAY))),
                        )
                    )
    return loaded
