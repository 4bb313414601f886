import re
from pathlib import Path
from typing import Any

import pytest

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.stores import Lake, Locks
from pipefy_exports_dagster.errors import ConfigurationError


def test_without_a_word_all_is_on_one_machine() -> None:
    config = PipefyExportsConfig()
    assert (config.locks, config.raw_files, config.lake) == (None, None, None)


def test_a_lake_knows_its_places_wherever_a_run_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = Lake("rows", catalog="lake.ducklake")
    assert (lake.data_path, lake.catalog) == (str(tmp_path / "rows"), str(tmp_path / "lake.ducklake"))
    assert Lake("s3://bucket-1/a/b/").data_path == "s3://bucket-1/a/b"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"locks": "redis"}, "`locks` (PIPEFY_EXPORTS_LOCKS) is 'redis'; use file or postgres"),
        ({"raw_files": "gs://bucket"}, "use s3://bucket/prefix, or leave it out"),
        ({"raw_files": "/data/raw"}, "use s3://bucket/prefix, or leave it out"),
        ({"raw_files": "s3://b?x=1"}, "`raw_files` (PIPEFY_EXPORTS_RAW_FILES) is"),
        ({"lake": "s3://bucket"}, "give a `Lake`"),
    ],
)
def test_a_place_that_is_none_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        PipefyExportsConfig(**given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"data_path": " "}, "`data_path` (PIPEFY_EXPORTS_LAKE_DATA_PATH) is missing"),
        ({"data_path": "gs://x/y"}, "use a folder, or s3://bucket/prefix"),
        ({"data_path": "x", "catalog": "lake"}, "use postgres, or a file that ends with .ducklake"),
        (
            {"data_path": "x", "catalog": "a.sqlite", "catalog_env": "C"},
            "`catalog` (PIPEFY_EXPORTS_LAKE_CATALOG) is a file",
        ),
    ],
)
def test_a_lake_that_is_none_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        Lake(**given)


def test_a_catalog_without_a_place_for_rows_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="LAKE_DATA_PATH"):
        config_from_environment({"PIPEFY_EXPORTS_LAKE_CATALOG": "lake.ducklake"})


def test_locks_are_named_in_any_case() -> None:
    assert PipefyExportsConfig(locks="Postgres").locks is Locks.POSTGRES  # type: ignore[arg-type]
