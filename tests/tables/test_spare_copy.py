"""The read copy of a large database gets only what has changed, and is the same as a copy of everything."""

import os
import random
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import duckdb
import pytest
from support.waiting import eventually

from pipefy_exports_dagster.tables import spare_copy
from pipefy_exports_dagster.tables.copy_process import Checkpoint, main
from pipefy_exports_dagster.tables.database import OpenDatabase, open_database
from pipefy_exports_dagster.tables.read_copy import copy_to_read, publish_read_copy, read_copy_path
from pipefy_exports_dagster.tables.spare_copy import SpareCopy
from pipefy_exports_dagster.tables.workspace import workspace

HEADERS, BLOCK = 12288, 262144
ROWS = 30_000


class Database:
    """A database whose copy is always patched where that is possible, however small it is."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "data.duckdb"
        self.copy = read_copy_path(self.path)
        self.spare = SpareCopy(self.copy)

    def load(self, *statements: str, publish: bool = True) -> bool:
        """Change the database as a load does; return whether the copy was patched."""
        with open_database(self.path, lock_timeout_s=10) as opened:
            opened.connection.execute("SET force_compression = 'uncompressed'")
            opened.connection.begin()
            for statement in statements:
                opened.connection.execute(statement)
            opened.connection.commit()
            opened.connection.execute("CHECKPOINT")
            if not publish:
                return False
            spare = self.spare.path.stat().st_ino if self.spare.path.exists() else None
            _, problem = publish_read_copy(opened.connection, self.path, found=opened.found, min_bytes=0)
            assert problem is None
        return self.copy.stat().st_ino == spare

    def started(self) -> "Database":
        """Load until there is a spare that the next load can use."""
        for number in range(3):
            self.load(filled(f"t{number}"))
        return self


def filled(table: str, first: int = 0, rows: int = ROWS) -> str:
    return f"CREATE OR REPLACE TABLE {table} AS {rows_of(first, rows)}"


def rows_of(first: int, rows: int) -> str:
    return f"SELECT range AS n, hash(range + {first}) AS h, {first} AS slice FROM range({rows})"


def replaced(table: str, first: int, rows: int) -> tuple[str, str]:
    return (
        f"DELETE FROM {table} WHERE slice = {first}",
        f"INSERT INTO {table} BY NAME {rows_of(first, rows)}",
    )


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in a file: tables with their rows in order, views, comments."""
    with duckdb.connect(path, read_only=True) as connection:
        tables = connection.execute(
            "SELECT table_name, sql, comment FROM duckdb_tables() UNION ALL "
            "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        return {
            f"{name} {sql} {comment}": connection.execute(
                f"SELECT count(*), sum(n), sum(hash(n, h, slice)::HUGEINT), min(rowid), max(rowid) FROM {name}"
                if sql.startswith("CREATE TABLE")
                else f"SELECT count(*) FROM {name}"
            ).fetchall()
            for name, sql, comment in tables
        }


def assert_same(database: Database) -> None:
    """Compare by the bytes of each block that is in use, and by what DuckDB reads."""
    with database.path.open("rb") as file, database.copy.open("rb") as copy:
        checkpoint = Checkpoint(file.fileno())
        assert file.read(HEADERS) == copy.read(HEADERS)
        for block in range(checkpoint.blocks):
            both = [os.pread(each.fileno(), BLOCK, HEADERS + block * BLOCK) for each in (file, copy)]
            assert both[0] == both[1] or block in checkpoint.free, f"block {block}"
    assert content(database.path) == content(database.copy)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


@pytest.mark.parametrize("seed", range(2))
def test_after_any_sequence_of_loads_the_copy_is_the_database(database: Database, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    database.started()
    patched = 0
    steps = [
        lambda: database.load(*replaced("t0", chance.randrange(3), chance.randrange(60_000))),
        lambda: database.load(*replaced("t1", chance.randrange(3), chance.randrange(2_000))),
        lambda: database.load(filled(f"t{chance.randrange(5)}", rows=chance.randrange(200_000))),
        lambda: database.load(f"DROP TABLE IF EXISTS t{chance.randrange(2, 5)}"),
        lambda: database.load(
            f"ALTER TABLE t0 ADD COLUMN c{chance.randrange(10**9)} VARCHAR DEFAULT 'x'",
            "COMMENT ON TABLE t0 IS 'more'",
            "CREATE OR REPLACE VIEW v AS SELECT n FROM t0",
        ),
        lambda: database.load(
            *replaced("t0", 1, 10), publish=False
        ),  # a load of a month, or one that was killed
    ]
    for _ in range(10):
        if chance.random() < 0.15:
            with duckdb.connect(database.path) as connection:  # somebody else
                connection.execute(filled("theirs", rows=chance.randrange(100_000)))
        patched += chance.choice(steps)()
        if database.load(*replaced("t1", 2, 100)):
            patched += 1
        assert_same(database)
    assert patched > 3, "it is what is tested"


def test_a_small_load_into_a_large_database_writes_little(database: Database, tmp_path: Path) -> None:
    database.load(filled("large", rows=1_000_000))
    database.started()
    copy, former = tmp_path / "copy", tmp_path / "former"
    database.load(*replaced("t0", 1, 100), publish=False)
    os.link(database.spare.path, copy)
    os.link(copy, former)
    linked = main(str(database.path), str(copy), str(database.copy), str(database.copy))
    assert linked.endswith("it is linked from elsewhere"), "somebody's hard link would be changed"
    copy.unlink()
    former.unlink()
    database.spare.path.rename(copy)
    said = main(str(database.path), str(copy), str(database.copy), str(database.copy))
    assert said.startswith("patched")
    assert int(said.split()[1]) < database.path.stat().st_size / 4


def test_a_reader_keeps_what_it_has_open_and_no_byte_of_it_changes(database: Database) -> None:
    database.started()
    before = content(database.copy)
    with duckdb.connect(database.copy, read_only=True) as reader, database.copy.open("rb") as other:
        held = other.read()
        rows = reader.execute("SELECT count(*), sum(hash(n, h)::HUGEINT) FROM t0").fetchall()
        assert database.load(filled("t0", rows=100))  # the file that they have open is the spare now
        assert not database.load(filled("t1", rows=100)), "a file that is open must not be written to"
        assert database.load(filled("t2", rows=100)), "nobody has the copy before that open"
        other.seek(0)
        assert other.read() == held
        assert reader.execute("SELECT count(*), sum(hash(n, h)::HUGEINT) FROM t0").fetchall() == rows
    assert content(database.copy) != before
    assert_same(database)
    assert database.load(filled("t0", rows=50))
    assert_same(database)


def test_a_plain_program_that_reads_the_former_copy_keeps_it(database: Database) -> None:
    database.started()
    with database.copy.open("rb") as backup:
        held = backup.read(BLOCK)
        database.load(filled("t0", rows=100))
        database.load(filled("t0", rows=10))
        backup.seek(0)
        assert backup.read(BLOCK) == held
    assert_same(database)


def test_a_backup_in_the_databases_place_is_copied_as_a_whole(database: Database, tmp_path: Path) -> None:
    database.started()
    database.load(filled("t0", rows=30_000))
    backup = tmp_path / "backup"
    backup.write_bytes(database.path.read_bytes())
    database.load(filled("t0", first=1, rows=30_000))
    # From the backup on the same number of checkpoints, with other rows in the same blocks.
    database.path.write_bytes(backup.read_bytes())
    assert not database.load(filled("t0", first=2, rows=30_000))
    assert_same(database)


@pytest.mark.parametrize("which", ["copy", "spare"])
def test_a_copy_that_somebody_changed_is_replaced_by_a_whole_one(database: Database, which: str) -> None:
    database.started()
    path = database.copy if which == "copy" else database.spare.path
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS copy; {filled('copy.theirs', rows=10)}")
    assert not database.load(filled("t0", rows=10))
    assert_same(database)


def test_another_connection_of_the_process_makes_a_whole_copy(database: Database) -> None:
    database.started()
    with duckdb.connect(database.path) as mine:
        mine.execute("FROM t0 LIMIT 1").fetchall()
        assert not database.load(filled("t0", rows=10))
    assert_same(database)


def test_a_database_that_is_small_has_no_spare(database: Database) -> None:
    for _ in range(3):
        with open_database(database.path, lock_timeout_s=10, read_copy=True) as opened:
            opened.connection.execute(filled("t0", rows=10))
            opened.checkpoint()
            assert opened.publish() == (database.copy, None)
    assert {path.name for path in database.path.parent.iterdir()} == {"data.duckdb", "data.read.duckdb"}


def test_a_month_that_is_not_published_brings_its_changes_at_once(database: Database) -> None:
    database.started()
    with database_of(database) as opened:
        opened.connection.execute(filled("t0", rows=7))
    assert_same(database)
    number = database.copy.stat().st_ino
    with database_of(database) as opened:  # the month was kept as it is
        opened.connection.begin()
        opened.connection.execute(filled("t0", rows=900_000))
        opened.connection.rollback()
    with database_of(database) as opened:
        opened.checkpoint()
        assert opened.publish() == (database.copy, None)
    assert database.copy.stat().st_ino == number
    assert copy_to_read(database.path, published=True) == (database.copy, True)
    assert database.load(filled("t1", rows=8))
    assert_same(database)


def database_of(database: Database) -> AbstractContextManager[OpenDatabase]:
    return open_database(database.path, lock_timeout_s=10, read_copy=True, min_spare_bytes=0)


def test_a_load_that_dies_with_the_spare_in_its_hands_leaves_the_copy_as_it_was(database: Database) -> None:
    database.started()
    before = content(database.copy)
    with open_database(database.path, lock_timeout_s=10) as opened, workspace(database.path) as folder:
        assert database.spare.take(folder / "taken", found=opened.found)
        (folder / "taken").write_bytes(b"half")
    assert content(database.copy) == before
    assert not database.load(filled("t0", rows=10))
    assert_same(database)


def _is_another(path: Path, number: int) -> bool:
    return path.stat().st_ino != number


LOADS = """
import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from tables.test_spare_copy import Database, replaced
database, n = Database(Path(sys.argv[1])), 0
while True:
    n += 1
    database.load(*replaced("t0", n % 3, 30_000), *replaced("t1", n % 3, 30_000))
"""


def test_after_kill_9_at_any_moment_the_copy_is_whole_and_the_next_load_repairs_it(
    database: Database,
) -> None:
    database.started()
    database.load(*replaced("t0", 0, 0), *replaced("t1", 0, 0))
    tests = str(Path(__file__).parents[1])
    for seed in range(2):
        number = database.copy.stat().st_ino
        process = subprocess.Popen(
            [sys.executable, "-c", LOADS, str(database.path.parent), tests], start_new_session=True
        )
        eventually(partial(_is_another, database.copy, number))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(random.Random(seed).random() / 2)  # noqa: S311
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with duckdb.connect(database.copy, read_only=True) as connection:
            [(same,)] = connection.execute(
                "SELECT (SELECT sum(hash(n, h, slice)::HUGEINT) FROM t0) IS NOT DISTINCT FROM "
                "(SELECT sum(hash(n, h, slice)::HUGEINT) FROM t1)"
            ).fetchall()
        assert same, "two tables that are always changed together"
        database.load(*replaced("t0", 0, 5), *replaced("t1", 0, 5))
        assert_same(database)


def test_with_a_duckdb_that_was_not_tried_all_is_copied(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.started()
    assert database.load(*replaced("t0", 0, 5))
    monkeypatch.setattr(spare_copy, "TRIED", "0.")
    for first in (1, 2):
        assert not database.load(*replaced("t0", first, 5))
        assert_same(database)
    assert not any(path.exists() for path in database.spare.files)
