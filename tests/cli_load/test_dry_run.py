"""`--dry-run` says what a load would do, and writes nothing."""

import os
from datetime import UTC, datetime

from support.project import JOBS
from support.stores import Stores, over_all_stores

from .conftest import Desk, answer, error_of

DIFFER = {"dry_run", "raw_file", "read_copy", "seconds", "seconds_reading", "seconds_database_locked"}


def test_nothing_is_written_on_a_new_desk(desk: Desk) -> None:
    file = desk.csv("a,b\n1,x\n")
    before = desk.everything()
    assert answer(desk.load_asset(file, "--json", "--dry-run"))["rows"] == 1
    assert answer(desk.load_table(file, "--json", "--dry-run"))["rows"] == 1
    assert "would load 1 row" in desk.load_table(file, "--dry-run").stdout
    assert desk.everything() == before
    assert sorted(path.name for path in desk.root.iterdir()) == ["data", "export.csv"]


@over_all_stores
def test_a_dry_run_says_what_the_load_says(desk: Desk, stores: Stores) -> None:
    answer(desk.load_asset(desk.csv("a,b,gone\n1,x,1\n", "first.csv"), "--json"))
    file = desk.csv("a,b,new\n1.5,x,y\n")
    before, objects = desk.everything(), stores.objects()
    planned = answer(desk.load_asset(file, "--json", "--dry-run"))
    assert (desk.everything(), stores.objects()) == (before, objects)
    assert len(desk.project.materializations(JOBS, "last_month")) == 1
    done = answer(desk.load_asset(file, "--json"))
    assert {change["kind"] for change in planned["changes"]} == {"added", "widened", "missing"}
    assert {name: planned[name] for name in planned if name not in DIFFER} == {
        name: done[name] for name in done if name not in DIFFER
    }
    assert planned["raw_file"] is None
    assert done["raw_file"]


def test_a_dry_run_ends_with_the_error_of_the_load(desk: Desk) -> None:
    answer(desk.load_asset(desk.csv("a,b\n1,x\n"), "--json"))
    older = desk.csv("a,b\n2,x\n", "older.csv")
    moment = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    os.utime(older, (moment, moment))
    assert "is older" in error_of(desk.load_asset(older, "--dry-run"))
    assert "an HTML page" in error_of(desk.load_asset(desk.csv("<html></html>", "page.csv"), "--dry-run"))


def test_a_database_that_was_not_closed_well_is_only_looked_at(desk: Desk) -> None:
    """A killed process leaves a write-ahead log, which opening for writing would fold in."""
    import subprocess
    import sys

    answer(desk.load_table(desk.csv("a,b\n1,x\n"), "--json"))
    script = (
        "import duckdb, os; c = duckdb.connect('own.duckdb'); "
        "c.execute('CREATE TABLE other AS SELECT 1 AS a'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=desk.root, check=False)
    assert (desk.root / "own.duckdb.wal").exists()
    before = desk.everything()
    answer(desk.load_table(desk.csv("a,b\n1,x\n", "export.csv"), "--json", "--dry-run"))
    after = desk.everything()
    assert {name: after[name] for name in after if "duckdb" in name} == {
        name: before[name] for name in before if "duckdb" in name
    }
