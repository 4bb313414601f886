"""`pipefy-exports tables`: looks after a lake, takes a DuckDB file's tables into it, and loses no row."""

import pytest
from cli.shell import Shell, copy_of, error_of
from support.project import JOBS, Project
from support.stores import LAKE_AND_BUCKET, Stores, over_all_stores


@over_all_stores
def test_whatever_is_maintained_every_row_stays(loaded: Shell, stores: Stores) -> None:
    rows = loaded.project.tables()
    assert rows.keys() == {(JOBS, "current_month"), (JOBS, "last_month")}
    result = loaded.run("tables", "--maintain")
    if stores.raw_files:
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines()[1].split() == ["snapshots", "expired", "lake", "0"]
    else:
        assert "(PIPEFY_EXPORTS_LAKE_DATA_PATH) to have them in a lake" in error_of(result)
    assert loaded.project.tables() == rows


@pytest.mark.parametrize("stores", [LAKE_AND_BUCKET], indirect=True)
def test_a_files_tables_are_copied_once(loaded_project: Project, shell: Shell) -> None:
    file = copy_of(loaded_project, shell.project.root / "before").database
    for said in ("copied", "was there"):
        result = shell.run("tables", "--copy-to", "--database", str(file))
        assert result.exit_code == 0, result.output
        [line] = [line for line in result.stdout.splitlines() if JOBS in line]
        assert line.endswith(said)
        assert shell.project.tables() == loaded_project.tables()
    assert file.exists()
