"""A file into a lake beside the same file into a DuckDB file; and what a lake costs that has grown."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from servers import ObjectStore, PostgresServer

from benchmarks.files import HEADER, write_jobs_csv
from pipefy_exports_dagster.config.stores import Lake
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.tables import Slice, replace_slice
from pipefy_exports_dagster.tables.lake import LakeTables, lake_tables

ROWS, SMALL_ROWS = 200_000, 2_000
SNAPSHOTS, TABLES = 1_000, 500
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_T = TypeVar("_T")


def measure_lake(rounds: int) -> Iterator[tuple[str, float, str]]:
    """Yield the ratios of each round, by the clock: a lake waits for its servers. First loads do not count."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres, store = stack.enter_context(PostgresServer()), stack.enter_context(ObjectStore())
        os.environ.update(store.environment)

        def lake(name: str, data_path: str) -> LakeTables:
            # Which database is the catalog, a variable says: one for each lake.
            variable = f"BENCH_{name.upper()}"
            os.environ[variable] = postgres.create_database(name).url
            return lake_tables(Lake(data_path, catalog_env=variable), scratch=folder)

        bucket = store.create_bucket()
        in_folder, in_s3 = lake("in_folder", str(folder / "lake")), lake("in_s3", f"s3://{bucket}/tables")
        yield from _of_a_large_file(folder, {"a folder": (in_folder, "1.3"), "S3": (in_s3, "2")}, rounds)
        few, many = lake("few", str(folder / "few")), lake("many", str(folder / "many"))
        yield from _of_a_grown_lake(folder, few, many, rounds)


def _of_a_large_file(
    folder: Path, lakes: dict[str, tuple[LakeTables, str]], rounds: int
) -> Iterator[tuple[str, float, str]]:
    file = folder / "large.csv"
    write_jobs_csv(file, ROWS)
    database = folder / "file.duckdb"
    for counted in (False, *[True] * rounds):
        reading, staged = _timed(partial(read_table_file, file, folder=folder))
        beside, _ = _timed(partial(_replace, staged, database))
        for name, (tables, to_reach) in lakes.items():
            seconds, _ = _timed(partial(_replace, staged, tables))
            sys.stderr.write(
                f"{ROWS} rows: read {reading:.2f} s, into a DuckDB file {beside:.2f} s, {name} {seconds:.2f} s\n"
            )
            if counted:
                what = f"{ROWS} x {len(HEADER)} into a lake, {name} / a DuckDB file"
                yield what, (reading + seconds) / (reading + beside), to_reach
                yield f"{what}, without reading the file", seconds / beside, to_reach


def _of_a_grown_lake(
    folder: Path, few: LakeTables, many: LakeTables, rounds: int
) -> Iterator[tuple[str, float, str]]:
    file = folder / "small.csv"
    write_jobs_csv(file, SMALL_ROWS)
    staged = read_table_file(file, folder=folder)
    _grow(many)
    for counted in (False, *[True] * rounds):
        beside, _ = _timed(partial(_replace, staged, few))
        seconds, _ = _timed(partial(_replace, staged, many))
        sys.stderr.write(f"small slice: empty lake {beside:.2f} s, grown lake {seconds:.2f} s\n")
        if counted:
            yield (
                f"a small slice into a lake of {SNAPSHOTS} snapshots and {TABLES} tables / an empty one",
                seconds / beside,
                "1.3",
            )


def _grow(tables: LakeTables) -> None:
    """Give a lake its tables, and a slice to each of them until there are as many snapshots."""
    columns = ", ".join(f"range * {number} AS c{number}" for number in range(12))
    with tables.open_to_write(table="grown", lock_timeout_s=60) as opened:
        for snapshot in range(SNAPSHOTS):
            name = f"report_{snapshot % TABLES}"
            verb = f"CREATE TABLE {name} AS" if snapshot < TABLES else f"INSERT INTO {name}"
            opened.connection.execute(f"{verb} SELECT {columns} FROM range(100)")
            if snapshot % 100 == 0:
                sys.stderr.write(f"\rsnapshots: {snapshot} of {SNAPSHOTS}")
    sys.stderr.write("\n")


def _replace(staged: StagedTable, tables: Path | LakeTables) -> None:
    moment = _LONG_AGO + timedelta(microseconds=time.time_ns() // 1000 % 10**13)
    slice_ = Slice("1", "last_month", date(2026, 11, 1), f"e{time.time_ns()}", moment)
    replace_slice(staged, database=tables, table="measured_export", slice_=slice_)


def _timed(function: Callable[[], _T]) -> tuple[float, _T]:
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result
