"""What somebody puts beside our component, in a project of their own; copied into it by the test."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_duckdb_pandas import DuckDBPandasIOManager
from dagster_duckdb_polars import DuckDBPolarsIOManager

from pipefy_exports_dagster import PipefyTables

EXPORT, HISTORY = dg.AssetKey("automation_jobs_export"), dg.AssetKey("automation_jobs_history")
PERIODS = dg.StaticPartitionsDefinition(["last_month", "current_month", "last_3_months"])
MONTHS = dg.MonthlyPartitionsDefinition(start_date=os.environ["FIRST_MONTH"], fmt="%Y-%m", end_offset=1)
EAGER = dg.AutomationCondition.eager()
ANY_MONTH = EAGER.without(dg.AutomationCondition.in_latest_time_window())
WITH_GAPS = EAGER.without(~dg.AutomationCondition.any_deps_missing())
COPY = os.environ["PIPEFY_READ_COPY"]
READ_ONLY = {"access_mode": "READ_ONLY"}


def rows(count: int) -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": count})


@dg.asset(
    ins={"jobs": dg.AssetIn(EXPORT, input_manager_key="pandas_frames")},
    partitions_def=PERIODS,
    automation_condition=EAGER,
)
def with_pandas(jobs: pd.DataFrame) -> dg.MaterializeResult:
    return rows(len(jobs))


@dg.asset(
    ins={"jobs": dg.AssetIn(EXPORT, input_manager_key="polars_frames")},
    partitions_def=PERIODS,
    automation_condition=EAGER,
)
def with_polars(jobs: pl.DataFrame) -> dg.MaterializeResult:
    return rows(len(jobs))


@dg.asset(deps=[EXPORT], partitions_def=PERIODS, automation_condition=EAGER)
def with_tables(context: dg.AssetExecutionContext, pipefy_tables: PipefyTables) -> dg.MaterializeResult:
    return rows(len(pipefy_tables.slice(EXPORT, context.partition_key).fetchall()))


@dg.asset(deps=[HISTORY], partitions_def=MONTHS, automation_condition=EAGER)
def month_if_newest() -> None:
    """Never: `last_month` brings a month that is not the newest."""


@dg.asset(deps=[HISTORY], partitions_def=MONTHS, automation_condition=ANY_MONTH)
def month(context: dg.AssetExecutionContext, pipefy_tables: PipefyTables) -> dg.MaterializeResult:
    return rows(len(pipefy_tables.month(HISTORY, context.partition_key).fetchall()))


@dg.asset(deps=[HISTORY], automation_condition=EAGER)
def all_months_if_none_is_missing() -> None:
    """Never, while the history has a gap."""


@dg.asset(deps=[HISTORY], automation_condition=WITH_GAPS)
def all_months(pipefy_tables: PipefyTables) -> dg.MaterializeResult:
    with pipefy_tables.connection() as connection:
        return rows(len(connection.sql("FROM automation_jobs_history").fetchall()))


DBT = DbtProject(
    project_dir=Path(os.environ["DBT_PROJECT_DIR"]), profiles_dir=Path(os.environ["DBT_PROJECT_DIR"])
)


class Eager(DagsterDbtTranslator):
    def get_automation_condition(
        self,
        dbt_resource_props: Mapping[str, Any],  # noqa: ARG002 - Dagster's signature
    ) -> dg.AutomationCondition:
        return WITH_GAPS


@dbt_assets(manifest=DBT.manifest_path, dagster_dbt_translator=Eager())
def marts(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    yield from dbt.cli(["build"], context=context).stream()


defs = dg.Definitions(
    assets=[
        with_pandas,
        with_polars,
        with_tables,
        month_if_newest,
        month,
        all_months_if_none_is_missing,
        all_months,
        marts,
    ],
    sensors=[
        dg.AutomationConditionSensorDefinition(
            "automation",
            target=dg.AssetSelection.all(),
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=5,
        )
    ],
    resources={
        "pandas_frames": DuckDBPandasIOManager(database=COPY, connection_config=READ_ONLY),
        "polars_frames": DuckDBPolarsIOManager(database=COPY, connection_config=READ_ONLY),
        "dbt": DbtCliResource(project_dir=DBT),
    },
    executor=dg.in_process_executor,
)
