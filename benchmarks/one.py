"""One measurement in a process of its own: `python -m benchmarks.one NAME FILE`; prints JSON."""

import json
import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from pipefy_exports_dagster.reading.staged import StagedTable

_BYTES_PER_KB = 1024


def fastexcel_alone(path: Path, _folder: Path) -> dict[str, Any]:
    """The fastest library alone, to Arrow, all rows sampled."""
    import fastexcel

    started, cpu_started = time.perf_counter(), _cpu_seconds()
    sheet = fastexcel.read_excel(str(path)).load_sheet(0, schema_sample_rows=None)
    rows = sheet.to_arrow().num_rows
    return {"seconds": time.perf_counter() - started, "cpu": _cpu_seconds() - cpu_started, "rows": rows}


def pandas_openpyxl(path: Path, folder: Path) -> dict[str, Any]:
    """What most people write first."""
    import duckdb
    import pandas as pd

    started = time.perf_counter()
    frame = pd.read_excel(path)
    with duckdb.connect(folder / "pandas.duckdb") as connection:
        connection.register("frame", frame)
        connection.execute("CREATE TABLE jobs AS SELECT * FROM frame")
    return {"seconds": time.perf_counter() - started, "rows": len(frame)}


def duckdb_csv_alone(path: Path, folder: Path) -> dict[str, Any]:
    """The bare statement, which loses leading zeros."""
    import duckdb

    started, cpu_started = time.perf_counter(), _cpu_seconds()
    with duckdb.connect(folder / "bare.duckdb") as connection:
        connection.execute(f"CREATE TABLE jobs AS FROM read_csv('{path}')")
    return {"seconds": time.perf_counter() - started, "cpu": _cpu_seconds() - cpu_started}


def load(path: Path, folder: Path) -> dict[str, Any]:
    """Our load; with it the bare insert of the same typed rows, for the time that the database is locked."""
    import duckdb

    from pipefy_exports_dagster.reading.runner import read_table_file
    from pipefy_exports_dagster.tables import Slice, replace_slice, workspace

    slice_ = Slice("1", "last_month", date(2026, 11, 1), "e", datetime(2026, 11, 2, tzinfo=UTC))
    database = folder / "load.duckdb"
    started, cpu_started = time.perf_counter(), _cpu_seconds()
    with workspace(database) as scratch:
        staged = read_table_file(path, folder=scratch)
        report = replace_slice(staged, database=database, table="jobs", slice_=slice_)
        seconds, cpu = time.perf_counter() - started, _cpu_seconds() - cpu_started
        peaks = {"runner_mb": _peak_mb(resource.RUSAGE_SELF), "worker_mb": _peak_mb(resource.RUSAGE_CHILDREN)}
        look = _look(staged)
        columns = len(staged.columns)
        bare_started = time.perf_counter()
        with duckdb.connect(folder / "insert.duckdb") as connection:
            # The same rows with the same lineage, into a table that is there.
            connection.execute(f"ATTACH '{database}' AS loaded (READ_ONLY)")
            connection.execute("CREATE TABLE jobs AS FROM loaded.jobs LIMIT 0")
            connection.execute("DETACH loaded")
            bare_started = time.perf_counter()
            listed = ", ".join(f"c{n}" for n in range(columns))
            connection.execute(
                f"INSERT INTO jobs SELECT {listed}, '1', 'last_month', DATE '2026-11-01', 'e', TIMESTAMP '2026-11-02', "
                f"now()::TIMESTAMP, file_row_number + 1 FROM read_parquet('{staged.path}', file_row_number = true)"
            )
        bare = time.perf_counter() - bare_started
    return {
        "seconds": seconds,
        "cpu": cpu,
        "rows": report.rows,
        "reading": report.seconds_reading,
        "locked": report.seconds_writing,
        "copying": report.seconds_copying,
        "bare_insert": bare,
        **look,
        **peaks,
    }


def _look(staged: "StagedTable") -> dict[str, float]:
    """What a run of Dagster adds: the rows per day and the profile."""
    from pipefy_exports_dagster.history.file_summary import summarize_file

    started, cpu_started = time.perf_counter(), _cpu_seconds()
    summarize_file(
        staged,
        window=None,
        requested_month=date(2026, 11, 1),
        zone=ZoneInfo("UTC"),
        time_column=None,
        show_values=True,
    )
    return {"look": time.perf_counter() - started, "look_cpu": _cpu_seconds() - cpu_started}


def worker_start(path: Path, folder: Path) -> dict[str, Any]:
    """A file of one row: what the process of its own costs, whatever the file."""
    from pipefy_exports_dagster.reading.runner import read_table_file

    started, cpu_started = time.perf_counter(), _cpu_seconds()
    read_table_file(path, folder=folder)
    return {"seconds": time.perf_counter() - started, "cpu": _cpu_seconds() - cpu_started}


def import_dagster(_path: Path, _folder: Path) -> dict[str, Any]:
    """What any code location costs."""
    started = time.perf_counter()
    import dagster  # noqa: F401

    return {"seconds": time.perf_counter() - started}


def import_code_location(_path: Path, _folder: Path) -> dict[str, Any]:
    """What ours costs."""
    started = time.perf_counter()
    import pipefy_exports_dagster.definitions  # noqa: F401

    return {"seconds": time.perf_counter() - started, "pandas": "pandas" in sys.modules}


MEASUREMENTS = {
    function.__name__: function
    for function in (
        fastexcel_alone, pandas_openpyxl, duckdb_csv_alone, load, worker_start, import_dagster, import_code_location,
    )
}  # fmt: skip


def _cpu_seconds() -> float:
    """Of this process and its children: what a busy machine does not stretch much."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_mb(who: int) -> float:
    return resource.getrusage(who).ru_maxrss * _BYTES_PER_KB / 1e6


def main() -> None:
    """Measure one thing, and print what was measured."""
    name, path, scratch = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    before = _cpu_seconds()
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        measured = MEASUREMENTS[name](path, Path(folder))
    measured.setdefault("peak_mb", _peak_mb(resource.RUSAGE_SELF))
    measured.setdefault("cpu", _cpu_seconds() - before)
    sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()
