"""Scratch folders come and go beside each other: in threads, in processes, after a death."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from pipefy_exports_dagster.errors import StorageError
from pipefy_exports_dagster.tables.workspace import scratch_folder, workspace

TURNS = 200


def many_folders(database: Path) -> int:
    """Make and remove folders; each finds its own empty and still there."""
    made = set()
    for _ in range(TURNS):
        with workspace(database) as folder:
            (folder / "scratch").write_text("mine")
            assert [path.name for path in folder.iterdir()] == ["scratch"]
            made.add(folder)
    return len(made)


def test_threads_neither_sweep_nor_trip_over_each_other(tmp_path: Path) -> None:
    database = tmp_path / "data.duckdb"
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(many_folders, [database] * 4)) == [TURNS] * 4
    assert not scratch_folder(database).exists()


def test_processes_neither_sweep_nor_trip_over_each_other(tmp_path: Path) -> None:
    database = tmp_path / "data.duckdb"
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(many_folders, [database] * 4)) == [TURNS] * 4
    assert not scratch_folder(database).exists()


def test_a_file_in_the_folders_place_is_an_error_and_stays(tmp_path: Path) -> None:
    database = tmp_path / "data.duckdb"
    scratch_folder(database).write_text("somebody's")
    with pytest.raises(NotADirectoryError), workspace(database):
        pass
    assert scratch_folder(database).read_text() == "somebody's"


def test_what_a_dead_process_left_is_swept(tmp_path: Path) -> None:
    database = tmp_path / "data.duckdb"
    left = scratch_folder(database) / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "rows.parquet").write_bytes(b"half")
    left.with_suffix(".lock").touch()
    with workspace(database):
        assert not left.exists()
    assert not scratch_folder(database).exists()


def test_a_link_in_the_folders_place_is_refused_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "uv").mkdir(parents=True)
    (project / "uv.lock").touch()
    (project / "0123456789abcdef").mkdir()
    (project / "0123456789abcdef.lock").touch()
    database = tmp_path / "data.duckdb"
    scratch_folder(database).symlink_to(project)
    with pytest.raises(StorageError, match="is a link"), workspace(database):
        pass
    assert len(list(project.iterdir())) == 4


def test_locks_of_others_in_the_folder_stay(tmp_path: Path) -> None:
    database = tmp_path / "data.duckdb"
    scratch_folder(database).mkdir()
    (scratch_folder(database) / "uv.lock").touch()
    (scratch_folder(database) / "uv").mkdir()
    with workspace(database):
        pass
    assert sorted(path.name for path in scratch_folder(database).iterdir()) == ["uv", "uv.lock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "data.duckdb"
    scratch_folder(database).mkdir()
    os.chown(scratch_folder(database), 23001, -1)
    with pytest.raises(StorageError, match="a folder of user 23001"), workspace(database):
        pass
