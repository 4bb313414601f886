"""Dagster's resources are the configuration's own facts."""

from pathlib import Path

from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.orchestration.resources import PipefyResource, database_resource


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
