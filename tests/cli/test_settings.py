"""What a command takes from several configurations of one YAML file."""

from pathlib import Path

import pytest

from pipefy_exports_dagster.cli.settings import Settings
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.stores import Lake
from pipefy_exports_dagster.errors import ConfigurationError


def settings(root: Path, *lakes: Lake | None) -> Settings:
    """One data folder, and so one `database`, whichever lakes the configurations have."""
    configs = [PipefyExportsConfig(data_dir=root, lake=lake) for lake in lakes]
    return Settings(configs, dagster_home=root, project_root=root)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Lake("first", catalog="lake.ducklake"), Lake("second", catalog="lake.ducklake")),
        (Lake("files", catalog="first.ducklake"), Lake("files", catalog="second.ducklake")),
        (Lake("files"), Lake("files", catalog_env="ANOTHER_CATALOG")),
        (None, Lake("files")),
    ],
    ids=["two folders", "two catalogs in files", "two catalogs in Postgres", "a file and a lake"],
)
def test_different_lakes_of_one_data_folder_are_several_places(
    first: Lake | None, second: Lake | None, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="the tables are in several places"):
        settings(tmp_path, first, second).database_config()


def test_organizations_that_share_a_lake_or_a_file_have_one_place(tmp_path: Path) -> None:
    for lake in (None, Lake("files", catalog="lake.ducklake")):
        both = settings(tmp_path, lake, lake)
        assert both.database_config() is both.config
