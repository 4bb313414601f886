"""Dagster's own IO managers of DuckDB load a slice or a month of our tables as the input of somebody's asset."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import polars as pl
import pytest
from dagster._core.storage.db_io_manager import TableSlice
from dagster_duckdb_pandas import DuckDBPandasIOManager
from dagster_duckdb_polars import DuckDBPolarsIOManager
from downstream.scene import ANOTHER, Tables
from support.project import JOBS, JOBS_HISTORY

from pipefy_exports_dagster import PipefyExportsConfig, build_pipefy_exports
from pipefy_exports_dagster.tables import read_copy_path

READERS = {pd.DataFrame: DuckDBPandasIOManager, pl.DataFrame: DuckDBPolarsIOManager}
READ_ONLY = {"access_mode": "READ_ONLY"}


def definitions(config: PipefyExportsConfig, frame: type, upstream: str) -> dg.Definitions:
    """Somebody's asset beside ours, with the same partitions; it says what it got."""
    ours = build_pipefy_exports(config)
    key = dg.AssetKey.from_user_string(upstream)
    spec = ours.resolve_asset_graph().get(key)

    def downstream(rows: Any) -> dg.MaterializeResult:
        assert isinstance(rows, frame)
        got: Any = rows
        values = {name: sorted(set(map(str, got[name]))) for name in ("_organization_id", "_period_filter")}
        return dg.MaterializeResult(metadata={**values, "rows": len(got)})

    downstream.__annotations__ = {"rows": frame, "return": dg.MaterializeResult}
    asset = dg.asset(
        name="downstream",
        ins={"rows": dg.AssetIn(key, input_manager_key="pipefy_frames")},
        partitions_def=spec.partitions_def,
    )(downstream)
    copy = str(read_copy_path(config.database_path))
    frames = READERS[frame](database=copy, connection_config=READ_ONLY)
    return dg.Definitions.merge(ours, dg.Definitions(assets=[asset], resources={"pipefy_frames": frames}))


def what_it_got(defs: dg.Definitions, partition: str) -> dict[str, Any]:
    job = defs.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, partition_key=partition, asset_selection=[dg.AssetKey("downstream")]
        )
    [event] = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.mark.parametrize("frame", READERS)
def test_a_slice_is_an_input(read_only_tables: Tables, frame: type) -> None:
    got = what_it_got(definitions(read_only_tables.project.config, frame, JOBS), "last_month")
    assert got == {
        "rows": read_only_tables.count(JOBS, "_period_filter = 'last_month'"),
        "_organization_id": [read_only_tables.project.environment["PIPEFY_ORG_ID"]],
        "_period_filter": ["last_month"],
    }


@pytest.mark.parametrize("frame", READERS)
def test_a_month_is_an_input(read_only_tables: Tables, frame: type) -> None:
    month = read_only_tables.month
    got = what_it_got(definitions(read_only_tables.project.config, frame, JOBS_HISTORY), month)
    assert got["rows"] == read_only_tables.count(JOBS_HISTORY, f"_month = '{month}-01'") > 0
    assert got["_organization_id"] == [read_only_tables.project.environment["PIPEFY_ORG_ID"]]


def test_a_table_with_a_key_prefix_is_found_in_its_schema(tables: Tables) -> None:
    """IO managers would take `order`, which is no name in SQL, and of a prefix of two parts the second alone."""
    tables.change('CREATE SCHEMA "crm__order"', f'CREATE TABLE "crm__order".{JOBS} AS FROM {JOBS}')
    config = replace(tables.project.config, key_prefix="crm/order", organization_id=ANOTHER)
    got = what_it_got(definitions(config, pd.DataFrame, f"crm/order/{JOBS}"), "current_month")
    assert got["_organization_id"] == [ANOTHER]


def test_without_an_organization_the_rows_of_all_are_nobodys(read_only_tables: Tables) -> None:
    nobody = build_pipefy_exports(replace(read_only_tables.project.config, organization_id=None))
    assert "partition_expr" not in nobody.resolve_asset_graph().get(dg.AssetKey(JOBS)).metadata


COUNT = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True)"


def test_an_io_manager_opens_for_writing_unless_it_is_told_not_to(tables: Tables) -> None:
    """The trap that the how-to names: without `access_mode` nobody else can read the copy meanwhile."""
    copy = str(tables.project.database.with_suffix(".read.duckdb"))
    for settings, may_read in (({}, False), (READ_ONLY, True)):
        manager = DuckDBPandasIOManager(database=copy, connection_config=settings)
        config = {"database": copy, "connection_config": settings}
        context = dg.build_input_context(resource_config=config)
        with manager.create_io_manager(None)._db_client.connect(context, TableSlice("", "")):
            read = subprocess.run(
                [sys.executable, "-c", COUNT, copy], capture_output=True, text=True, check=False
            )
        assert (read.returncode == 0) is may_read, read.stderr


def test_what_is_written_into_the_read_copy_is_gone_after_the_next_load(tables: Tables) -> None:
    """The other trap: an IO manager on the copy is for inputs only."""
    copy = tables.project.database.with_suffix(".read.duckdb")

    @dg.asset(ins={"rows": dg.AssetIn(JOBS, input_manager_key="frames")}, io_manager_key="frames")
    def mart(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.head(1)

    frames = DuckDBPandasIOManager(database=str(copy))
    defs = dg.Definitions.merge(
        build_pipefy_exports(tables.project.config),
        dg.Definitions(assets=[mart], resources={"frames": frames}),
    )
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("mart")]).success
    with duckdb.connect(copy, read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM public.mart").fetchone() == (1,)
    assert tables.project.materialize(JOBS, partition="current_month").success
    with duckdb.connect(copy, read_only=True) as connection:
        assert not connection.sql("FROM duckdb_tables() WHERE table_name = 'mart'").fetchall()
