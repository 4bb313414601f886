"""Dagster's resources are the configuration's own facts."""

from pathlib import Path
from typing import Any

import dagster as dg

from pipefy_exports_dagster import PipefyTables
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.orchestration.resources import (
    ExportDatabaseResource,
    PipefyResource,
    database_resource,
)


def test_pipefys_resource_has_each_field_of_a_connection() -> None:
    connection = Connection(
        base_url="https://pipefy.example", download_hosts=("a.example",), max_answer_bytes=9
    )
    assert PipefyResource.of(connection).connection == connection


def test_the_databases_resource_is_as_the_configuration_says(tmp_path: Path) -> None:
    config = PipefyExportsConfig(data_dir=tmp_path, read_copy=False, database_lock_timeout_s=7)
    resource = database_resource(config)
    assert (resource.path, resource.read_copy, resource.lock_timeout_s) == (
        str(config.database_path),
        False,
        7,
    )


def test_the_fields_that_people_have_set_for_the_tables_go_on_working() -> None:
    assert ExportDatabaseResource.model_fields.keys() == {"path", "lock_timeout_s", "read_copy", "lake"}
    lake = {"data_path": "s3://bucket/tables", "catalog": "/data/lake.sqlite"}
    where = "s3://bucket/tables (catalog: /data/lake.sqlite)"
    of_python: Any = PipefyTables
    assert str(of_python(lake=lake, organization_id="1").store(Path())) == where

    @dg.op
    def place(database: ExportDatabaseResource) -> str:
        return str(database.store(Path(database.path)))

    @dg.job(resource_defs={"database": ExportDatabaseResource.configure_at_launch()})
    def of_a_run() -> None:
        place()

    config = {"path": "/data/own.duckdb", "lock_timeout_s": 3, "lake": lake}
    run = of_a_run.execute_in_process({"resources": {"database": {"config": config}}})
    assert run.output_for_node("place") == where
