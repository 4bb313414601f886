"""`pipefy-exports query`: prints what is found, in three forms, and can change nothing."""

import csv
import io
import json
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cli.shell import Shell, error_of, held
from cli.terminal import seen_in_terminal
from support.project import JOBS
from support.stores import over_all_stores
from support.waiting import PATIENCE_S, eventually
from support.warm_commands import PIPEFY_EXPORTS

AWKWARD = r"""
SELECT * FROM (VALUES
  (1, 'a,"b"', 1.50::DECIMAL(9,2), DATE '2026-11-01', TIMESTAMP '2026-11-01 12:00:00.5', true,
    [1, NULL], 'nan'::DOUBLE),
  (NULL, '', NULL, NULL, NULL, NULL, NULL, NULL),
  (3, E'two\nlines\x1b[31m', 0, NULL, NULL, false, [], 1e300)
) t(number, "text", price, day, moment, flag, list, ratio)
"""


@pytest.fixture
def empty(shell: Shell) -> Shell:
    """A database without tables: enough for queries that need none."""
    duckdb.connect(shell.project.database).close()
    return shell


def everything(root: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


@over_all_stores
def test_a_table_is_plain_columns_where_it_is_piped(loaded: Shell) -> None:
    result = loaded.run("query", f"SELECT _period_filter, count(*) AS rows FROM {JOBS} GROUP BY 1 ORDER BY 1")
    assert result.exit_code == 0, result.output
    counts = loaded.project.tables()
    width = len("current_month")
    assert result.stdout.splitlines() == [
        f"{'_period_filter':14}  rows",
        f"{'current_month':{width + 1}}  {counts[JOBS, 'current_month']:4}",
        f"{'last_month':{width + 1}}  {counts[JOBS, 'last_month']:4}",
    ]


def test_csv_tells_null_from_empty_text_and_keeps_every_value(empty: Shell, tmp_path: Path) -> None:
    result = empty.run("query", AWKWARD, "--format", "csv")
    assert result.exit_code == 0, result.output
    rows = list(csv.reader(io.StringIO(result.stdout, newline="")))
    assert rows[0] == ["number", "text", "price", "day", "moment", "flag", "list", "ratio"]
    assert rows[1] == [
        "1",
        'a,"b"',
        "1.50",
        "2026-11-01",
        "2026-11-01 12:00:00.5",
        "true",
        "[1, NULL]",
        "nan",
    ]
    assert rows[3][1] == "two\nlines\x1b[31m"
    (tmp_path / "back.csv").write_text(result.stdout, newline="")
    path = tmp_path / "back.csv"
    back = duckdb.sql(
        f"SELECT text FROM read_csv('{path}', all_varchar = true, allow_quoted_nulls = false)"
    ).fetchall()
    assert back == [('a,"b"',), ("",), ("two\nlines\x1b[31m",)]
    number = duckdb.sql(f"SELECT number, price FROM read_csv('{path}')").fetchall()
    assert number[1] == (None, None)


def test_json_has_the_types_of_the_values(empty: Shell) -> None:
    result = empty.run("query", AWKWARD, "--format", "json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout, parse_constant=lambda _: pytest.fail("no such number in JSON"))
    assert rows[0] == {
        "number": 1,
        "text": 'a,"b"',
        "price": 1.5,
        "day": "2026-11-01",
        "moment": "2026-11-01 12:00:00.5",
        "flag": True,
        "list": [1, None],
        "ratio": "NaN",
    }
    assert rows[1] == dict.fromkeys(rows[0]) | {"text": ""}
    assert rows[2]["text"] == "two\nlines\x1b[31m"


@pytest.mark.parametrize(("format_", "shown"), [("table", "a"), ("csv", "a"), ("json", "[\n]")])
def test_no_rows_are_a_result(empty: Shell, format_: str, shown: str) -> None:
    result = empty.run("query", "SELECT 1 AS a WHERE false", "--format", format_)
    assert (result.exit_code, result.stdout) == (0, f"{shown}\n")


@pytest.mark.parametrize(
    "sql",
    [
        "FROM duckdb_tables()",
        "VALUES (1)",
        "SHOW TABLES",
        f"DESCRIBE {JOBS}",
        f"SUMMARIZE {JOBS}",
        "EXPLAIN SELECT 1",
        "PIVOT (SELECT 1 AS a, 'x' AS b) ON b USING sum(a)",
        "SELECT 1;",
        "SELECT 1 AS a, 2 AS a",
        "SELECT now(), 1::HUGEINT, uuid(), INTERVAL 3 DAY, TIME '10:00', '\\x00'::BLOB, MAP {'a': 1}, {'x': [1]}",
    ],
)
def test_whatever_reads_is_run(loaded_for_reading: Shell, sql: str) -> None:
    for format_ in ("table", "csv", "json"):
        result = loaded_for_reading.run("query", sql, "--format", format_)
        assert result.exit_code == 0, result.output
    json.loads(result.stdout)


@pytest.mark.parametrize(
    "sql",
    [
        f"DELETE FROM {JOBS}",
        f"DROP TABLE {JOBS}",
        "CREATE TABLE mine AS SELECT 1",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "CREATE TYPE x AS ENUM ('a'); SELECT 1",
        f"COPY {JOBS} TO 'stolen.csv'",
        f"EXPLAIN ANALYZE COPY {JOBS} TO 'stolen.csv'",
        "EXPORT DATABASE 'stolen'",
        "ATTACH 'other.duckdb'",
        "SELECT * FROM read_text('.env')",
        "SELECT * FROM '.env'",
        "SELECT * FROM glob('*')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET profiling_output = 'stolen.json'",
        "PRAGMA enable_profiling",
        "CHECKPOINT",
        "SELECT 1; SELECT 2",
        "",
        "-- nothing",
        "SELEC",
        "SELECT * FROM nowhere",
        "SELECT 'a'::INT",
        "SELECT * FROM range(10000) t(i) WHERE CASE WHEN i = 9000 THEN error('late') ELSE true END",
    ],
)
def test_what_does_not_read_or_cannot_be_run_is_one_line_and_changes_nothing(
    loaded_for_reading: Shell, sql: str
) -> None:
    (loaded_for_reading.project.root / ".env").write_text("SECRET=stolen\n")
    before = everything(loaded_for_reading.project.root)
    for read_copy in ("true", "false"):
        result = loaded_for_reading.run("query", sql, "--format", "csv", PIPEFY_EXPORTS_READ_COPY=read_copy)
        assert "LINE 1" not in error_of(result)
        assert "stolen" not in result.stdout
    assert everything(loaded_for_reading.project.root) == before


def test_the_error_says_what_to_do_instead(loaded_for_reading: Shell) -> None:
    assert "INSERT is no query: this command only reads" in error_of(
        loaded_for_reading.run("query", "INSERT INTO x VALUES (1)")
    )
    assert "Redirect its output instead of COPY" in error_of(
        loaded_for_reading.run("query", "SELECT * FROM read_csv('x.csv')")
    )
    assert "`SHOW TABLES` lists those that there are" in error_of(
        loaded_for_reading.run("query", "SELECT * FROM nowhere")
    )


def test_without_a_database_it_says_what_to_do(shell: Shell) -> None:
    assert "yet: materialize a partition first" in error_of(shell.run("query", "SELECT 1"))
    assert not shell.project.database.exists()
    shell.project.database.write_text("hello")
    assert "not a DuckDB database" in error_of(shell.run("query", "SELECT 1"))
    assert "there is no database at" in error_of(shell.run("query", "SELECT 1", "--database", "x.duckdb"))


def test_the_read_copy_is_queried_so_that_no_load_waits(loaded: Shell) -> None:
    with held(loaded.project.database):
        result = loaded.run("query", f"SELECT count(*) > 0 AS ok FROM {JOBS}")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "ok\ntrue\n", "")


def test_what_somebody_added_to_the_database_is_seen(loaded: Shell) -> None:
    with duckdb.connect(loaded.project.database) as connection:
        connection.execute("CREATE VIEW mine AS SELECT 42 AS answer")
    assert loaded.run("query", "FROM mine").stdout == "answer\n    42\n"
    with held(loaded.project.database) as pid:
        result = loaded.run("query", f"SELECT count(*) > 0 AS ok FROM {JOBS}")
        refused = loaded.run("query", "SELECT 1", PIPEFY_EXPORTS_READ_COPY="false")
    assert (result.exit_code, result.stdout) == (0, "ok\ntrue\n")
    assert f"Note: process {pid} is writing to" in result.stderr
    assert f"is held by process {pid}, which may write to it; try again when it has ended" in error_of(
        refused
    )


def test_sql_is_read_from_standard_input(empty: Shell) -> None:
    result = empty.start("query", "-", given="SELECT 7 AS seven")
    assert (result.returncode, result.stdout, result.stderr) == (0, "seven\n    7\n", "")


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_a_large_result_is_streamed_and_its_reader_may_leave(empty: Shell, format_: str) -> None:
    # 60 GB as text: neither memory nor time for all of it.
    sql = "SELECT i, repeat('x', 50) AS x FROM range(1_000_000_000) t(i)"
    with subprocess.Popen(
        [PIPEFY_EXPORTS, "query", sql, "--format", format_],
        env=empty.environment,
        cwd=empty.project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        for _ in range(50_000):
            assert process.stdout.readline()
        memory = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        peak_kb = int(memory.partition("VmHWM:")[2].split()[0])
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == ""
    assert peak_kb < 400_000


def in_terminal(shell: Shell, *arguments: str) -> tuple[str, str]:
    """What a person sees in a terminal of 80 columns, and what goes to stderr."""
    seen = seen_in_terminal(shell, *arguments)
    assert seen.exit_code == 0, seen.errors
    return seen.shown, seen.errors


def test_in_a_terminal_there_are_lines_and_nothing_that_a_terminal_obeys(empty: Shell) -> None:
    shown, _ = in_terminal(empty, "query", "SELECT E'\\x1b[31mred' AS text, NULL AS nothing")
    assert "│ \\x1b[31mred │    NULL │" in shown
    wide, _ = in_terminal(empty, "query", AWKWARD.replace("number", "a_number_with_a_long_name"))
    assert "row 1" in wide
    assert "row 3" in wide
    many, errors = in_terminal(empty, "query", "SELECT i FROM range(3000) t(i)")
    assert "│ 999 │" in many
    assert "1000" not in many
    assert "These are the first 1,000 rows" in errors


def test_dates_are_shown_as_they_are(loaded_for_reading: Shell) -> None:
    [row] = rows(loaded_for_reading, f"SELECT max(_loaded_at) AS loaded_at FROM {JOBS}")
    assert (
        datetime.fromisoformat(row["loaded_at"])
        == loaded_for_reading.project.query(f"SELECT max(_loaded_at) FROM {JOBS}")[0][0]
    )


def rows(shell: Shell, sql: str) -> list[dict[str, Any]]:
    result = shell.run("query", sql, "--format", "json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_query_that_takes_long_ends_when_it_is_told_to(empty: Shell, number: signal.Signals) -> None:
    sql = "SELECT count(*) FROM range(100_000_000_000) t(i) WHERE i % 7 = 3"
    with subprocess.Popen(
        [PIPEFY_EXPORTS, "query", sql],
        env=empty.environment | {"TMPDIR": str(empty.project.root)},
        cwd=empty.project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        eventually(lambda: list(empty.project.root.glob("pipefy-exports-query-*")))
        time.sleep(0.5)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, stdout, stderr) == (128 + number, "", "Error: interrupted\n")
    assert not list(empty.project.root.glob("pipefy-exports-query-*"))
