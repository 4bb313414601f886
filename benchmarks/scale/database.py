"""A small slice into a database of 5 GB beside an empty one: what a load costs that copies only what has changed."""

import csv
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.tables import Slice, replace_slice, workspace

LARGE_BYTES = 5_000_000_000
ROWS, COLUMNS = 2_000, 12
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def measure_database(folder: Path, rounds: int) -> Iterator[tuple[str, float, str]]:
    """Yield the ratios of each round. The first loads, which copy everything, do not count."""
    large, empty, file = (
        folder / "scale" / "large.duckdb",
        folder / "scale" / "empty.duckdb",
        folder / "small.csv",
    )
    large.parent.mkdir(parents=True, exist_ok=True)
    _write_csv(file)
    _fill(large)
    for _ in range(2):
        for database in (empty, large):
            _load(file, database)
            sys.stderr.write(".")
    for _ in range(rounds):
        (beside, beside_cpu), (seconds, cpu) = _load(file, empty), _load(file, large)
        sys.stderr.write(
            f"\nsmall slice: empty {beside:.2f} s, 5 GB {seconds:.2f} s; CPU {beside_cpu:.2f}, {cpu:.2f}\n"
        )
        yield "a small slice into a file of 5 GB / an empty one", seconds / beside, "1.5"
        yield "the same, CPU of all processes", cpu / beside_cpu, "1.5"


def _load(file: Path, database: Path) -> tuple[float, float]:
    moment = _LONG_AGO + timedelta(seconds=int(time.time()) % 10_000_000)
    started, cpu_started = time.perf_counter(), _cpu()
    with workspace(database) as scratch:
        staged = read_table_file(file, folder=scratch)
        slice_ = Slice("1", "last_month", date(2026, 11, 1), f"e{time.time_ns()}", moment)
        report = replace_slice(staged, database=database, table="small_export", slice_=slice_)
    assert report.read_copy_problem is None  # noqa: S101
    return time.perf_counter() - started, _cpu() - cpu_started


def _write_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"column {number}" for number in range(COLUMNS)])
        for row in range(ROWS):
            writer.writerow(
                [f"value {row} {number}" if number % 2 else row * number for number in range(COLUMNS)]
            )


def _fill(path: Path) -> None:
    """Make the large database, once: uncompressed, which takes a minute and not ten."""
    if path.exists() and path.stat().st_size >= LARGE_BYTES:
        return
    path.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS large (STORAGE_VERSION 'v1.4.0')")
        connection.execute("USE large")
        connection.execute("SET force_compression = 'uncompressed'")
        number = 0
        while not path.exists() or path.stat().st_size < LARGE_BYTES:
            columns = ", ".join(f"hash(range * {nth + 1}) AS c{nth}" for nth in range(40))
            connection.execute(f"CREATE TABLE report_{number} AS SELECT {columns} FROM range(450000)")
            connection.execute("CHECKPOINT large")
            number += 1
            sys.stderr.write(f"\rfilling {path}: {path.stat().st_size / 1e9:.1f} GB")
    sys.stderr.write("\n")


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
