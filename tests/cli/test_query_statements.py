"""`pipefy-exports query` writes nothing, whatever it is asked: each type of statement in each wrapper."""

import hashlib
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from cli.shell import Shell, error_of
from support.project import JOBS

from pipefy_exports_dagster.cli.query.reading import opened_for_reading, run_query
from pipefy_exports_dagster.cli.query.statements import one_that_reads
from pipefy_exports_dagster.errors import PipefyExportsError, QueryRefusedError
from pipefy_exports_dagster.tables.read_copy import read_copy_path

PARQUET = "(FORMAT parquet, PARTITION_BY (a), OVERWRITE)"

CHANGING = {
    "ALTER": [f"ALTER TABLE {JOBS} ADD COLUMN x INT", f"COMMENT ON TABLE {JOBS} IS 'x'"],
    "ANALYZE": ["ANALYZE"],
    "ATTACH": ["ATTACH '{db}' AS other", "ATTACH '{folder}/new.duckdb'"],
    "CALL": [
        "CALL force_checkpoint()",
        "CALL enable_profiling(format = 'json', save_location = '{db}')",
        "CALL enable_logging(storage = 'file', storage_path = '{folder}/log')",
    ],
    "COPY": [
        "COPY (SELECT 1 AS a) TO '{db}' (USE_TMP_FILE false)",
        "COPY (SELECT 1 AS a) TO '{db}.wal' (USE_TMP_FILE false)",
        "COPY (SELECT 1 AS a) TO '{copy}' (USE_TMP_FILE false)",
        "COPY (SELECT 1 AS a, 2 AS b) TO '{db}' " + PARQUET,
        "COPY (SELECT 1 AS a) TO '{folder}/new.csv'",
        f"COPY {JOBS} FROM '{{folder}}/x.csv'",
    ],
    "COPY_DATABASE": ["COPY FROM DATABASE memory TO other"],
    "CREATE": [
        "CREATE TABLE x AS SELECT 1",
        "CREATE TEMP TABLE x AS SELECT 1",
        "CREATE OR REPLACE VIEW x AS SELECT 1",
        "CREATE SCHEMA x",
        "CREATE SEQUENCE x",
        "CREATE TYPE x AS ENUM ('a')",
        "CREATE SECRET x (TYPE s3)",
    ],
    "CREATE_FUNC": ["CREATE MACRO x() AS 1", "CREATE MACRO x() AS TABLE SELECT 1"],
    "DELETE": [f"DELETE FROM {JOBS}", f"TRUNCATE {JOBS}"],
    "DETACH": ["DETACH pipefy"],
    "DROP": [f"DROP TABLE {JOBS}", "DROP SCHEMA main CASCADE"],
    "EXECUTE": ["EXECUTE x"],
    "EXPORT": ["EXPORT DATABASE '{folder}'", "EXPORT DATABASE '{db}'"],
    "EXTENSION": ["INSTALL httpfs"],
    "INSERT": [f"INSERT INTO {JOBS} SELECT * FROM {JOBS}"],
    "LOAD": ["LOAD httpfs", "LOAD '{db}'"],
    "MERGE_INTO": [f"MERGE INTO {JOBS} a USING {JOBS} b ON (a._row = b._row) WHEN MATCHED THEN DELETE"],
    "PRAGMA": [
        "PRAGMA enable_profiling",
        "PRAGMA profiling_output = '{db}'",
        "PRAGMA force_checkpoint",
        "PRAGMA import_database('{folder}')",
        "PRAGMA copy_database('a', 'b')",
        "IMPORT DATABASE '{folder}'",
    ],
    "PREPARE": ["PREPARE x AS COPY (SELECT 1) TO '{db}'", "PREPARE x AS SELECT 1"],
    "SET": ["SET temp_directory = '{folder}'", "RESET temp_directory", "USE memory"],
    "TRANSACTION": ["BEGIN", "COMMIT", "ROLLBACK"],
    "UPDATE": [f"UPDATE {JOBS} SET _row = 0"],
    "VACUUM": ["VACUUM", "CHECKPOINT", "FORCE CHECKPOINT"],
    "VARIABLE_SET": ["SET VARIABLE x = 1"],
}
"""Statements of each type that DuckDB names, none of which a command that reads may run."""

PIVOT = "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)"
"""To the parser several statements."""

WITHOUT_SQL = {"INVALID", "LOGICAL_PLAN", "MULTI", "RELATION"}
READING_TYPES = {"SELECT", "EXPLAIN"}

WRAPPERS = (
    "{}",
    "EXPLAIN {}",
    "EXPLAIN ANALYZE {}",
    "explain /* SELECT 1 */ analyze -- SELECT 1\n {}",
    "EXPLAIN ANALYSE {}",
    "EXPLAIN (ANALYZE, FORMAT json) {}",
    "EXPLAIN (FORMAT text, FORMAT 'json') {}",
    "PREPARE p AS {}",
    "DESCRIBE {}",
    "SUMMARIZE {}",
    "({})",
    "SELECT 1; {}",
    "{}; SELECT 1",
    "WITH x AS ({}) SELECT * FROM x",
    "SELECT * FROM query($${}$$)",
    "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b); {}",
)

READING = (
    "SELECT 1",
    f"FROM {JOBS}",
    "VALUES (1)",
    f"TABLE {JOBS}",
    "WITH x AS (SELECT 1) FROM x",
    "(SELECT 1) UNION ALL (SELECT 2)",
    f"DESCRIBE {JOBS}",
    "DESCRIBE SELECT 1",
    f"SUMMARIZE {JOBS}",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)",
    "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b); -- one",
    "SELECT * FROM (PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b))",
    "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
    "EXPLAIN SELECT 1",
    "EXPLAIN (SELECT 1)",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN ANALYZE (SELECT 1)",
    "EXPLAIN ANALYSE SELECT 1",
    "EXPLAIN (FORMAT json) SELECT 1",
    "EXPLAIN (FORMAT json) (SELECT 1)",
    "EXPLAIN FROM range(3)",
    "FROM query('SELECT 1')",
    f"PRAGMA table_info('{JOBS}')",
    "-- a comment\nSELECT 1 -- another\n;;",
    "SELECT 'é;' AS \"COPY x TO 'y'\"",
    "SELECT $$ COPY x TO 'y'; $$",
)

SLIPPING = (
    "FROM enable_profiling(format = 'json', save_location = '{db}')",
    "FROM enable_profiling(format = 'json', save_location = '{copy}.wal')",
    "SELECT * FROM query('FROM enable_logging(storage = ''file'', storage_path = ''{folder}/log'')')",
    "SELECT (SELECT count(*) FROM force_checkpoint())",
    "FROM read_text('{db}')",
    "FROM read_blob('{folder}/*')",
    "FROM glob('{folder}/*')",
    "FROM read_csv('http://127.0.0.1:9/x.csv')",
    "FROM '{folder}/.env'",
    "FROM sniff_csv('{folder}/.env')",
    "FROM read_duckdb('{db}')",
    "SELECT write_log('x')",
    "FROM statement",  # a variable of this program
    "FROM opened",
)
"""What reads to the parser, and would write, or read what is none of its business."""


def content(root: Path) -> dict[str, tuple[int, str]]:
    """Everything of a folder: names, permissions, bytes."""
    return {
        str(path): (
            path.stat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in root.rglob("*")
    }


def in_folder(sql: str, shell: Shell) -> str:
    database = shell.project.database
    return sql.format(db=database, copy=read_copy_path(database), folder=database.parent)


def test_each_type_of_statement_is_asked_for() -> None:
    types = {name for name in vars(duckdb.StatementType) if name.isupper()}
    assert types == set(CHANGING) | READING_TYPES | WITHOUT_SQL
    statements = [sql for each in CHANGING.values() for sql in each]
    assert len(statements) * len(WRAPPERS) + len(READING) + len(SLIPPING) > 200


@pytest.mark.parametrize("kind", CHANGING)
def test_no_statement_that_changes_something_is_run_in_any_wrapper(
    loaded_for_reading: Shell, kind: str
) -> None:
    before = content(loaded_for_reading.project.root)
    for sql in CHANGING[kind]:
        for wrapper in WRAPPERS:
            asked = wrapper.format(in_folder(sql, loaded_for_reading))
            error_of(loaded_for_reading.run("query", asked))
    assert content(loaded_for_reading.project.root) == before


@pytest.mark.parametrize("sql", READING)
def test_whatever_reads_is_run_and_changes_nothing(loaded_for_reading: Shell, sql: str) -> None:
    before = content(loaded_for_reading.project.root)
    result = loaded_for_reading.run("query", sql, "--format", "csv")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") > 1
    assert content(loaded_for_reading.project.root) == before


@pytest.mark.parametrize("sql", SLIPPING)
def test_what_only_looks_like_reading_changes_nothing(loaded_for_reading: Shell, sql: str) -> None:
    (loaded_for_reading.project.root / ".env").write_text("SECRET=stolen\n")
    before = content(loaded_for_reading.project.root)
    for read_copy in ("true", "false"):
        result = loaded_for_reading.run(
            "query", in_folder(sql, loaded_for_reading), PIPEFY_EXPORTS_READ_COPY=read_copy
        )
        error_of(result)
        assert "stolen" not in result.output
    assert content(loaded_for_reading.project.root) == before


def test_a_statement_that_slipped_through_could_write_nothing(loaded_for_reading: Shell) -> None:
    """Past every look at the statement, on the connection itself."""
    before = content(loaded_for_reading.project.root)
    database = loaded_for_reading.project.database
    slipped = [sql for each in CHANGING.values() for sql in each] + list(SLIPPING)
    for sql in slipped:
        for wrapper in ("{}", "EXPLAIN ANALYZE {}"):
            with opened_for_reading(database) as opened:
                for statement in (wrapper.format(in_folder(sql, loaded_for_reading)), "SELECT 1"):
                    try:
                        opened.connection.execute(statement).fetchall()
                    except duckdb.Error:
                        continue
    assert content(loaded_for_reading.project.root) == before


def test_nothing_is_open_while_a_statement_is_refused(loaded_for_reading: Shell) -> None:
    """Neither a database that is not there nor one that is damaged is heard of."""
    for database in ("nowhere.duckdb", ".env"):
        refused = error_of(loaded_for_reading.run("query", "DROP TABLE x", "--database", database))
        assert "DROP is no query: this command only reads" in refused


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("IMPORT DATABASE '{folder}'", "IMPORT DATABASE is no query"),
        ("EXPLAIN ANALYZE COPY (SELECT 1) TO '{db}' (USE_TMP_FILE false)", "EXPLAIN of COPY is no query"),
        ("EXPLAIN (ANALYZE) DELETE FROM x", "EXPLAIN of DELETE is no query"),
        ("SELECT 1; DROP TABLE x", "these are 2 statements; give one"),
        ("SELECT 1\0; DROP TABLE x", "the SQL holds a NUL character"),
        ("FROM enable_profiling()", "enable_profiling() reads nothing"),
        (";;", "there is no SQL; give a SELECT"),
        (f"{PIVOT}; DROP TABLE x", "these are 2 statements; give one"),
        (f"DROP TABLE x; {PIVOT}", "these are 2 statements; give one"),
        (f"{PIVOT}; {PIVOT}", "these are 2 statements; give one"),
        (f"CREATE TYPE x AS ENUM ('a'); {PIVOT}", "these are 2 statements; give one"),
        (f"CREATE TEMP TABLE x AS {PIVOT}", "CREATE is no query"),
        (f"CREATE TEMP TABLE x AS {PIVOT}; SELECT 1", "give one"),
        (f"INSERT INTO x {PIVOT}", "INSERT is no query"),
        ("EXPLAIN ANALYZE WITH x AS (SELECT 1) INSERT INTO t FROM x", "EXPLAIN of INSERT is no query"),
    ],
)
def test_the_line_names_what_was_asked(loaded_for_reading: Shell, sql: str, said: str) -> None:
    assert said in error_of(loaded_for_reading.run("query", in_folder(sql, loaded_for_reading)))


def test_an_import_opens_no_file(loaded_for_reading: Shell, tmp_path: Path) -> None:
    """A schema that is there and one that is not get the same answer."""
    (tmp_path / "schema.sql").write_text("SELECT 1;")
    (tmp_path / "load.sql").write_text("")
    there, missing = (
        error_of(loaded_for_reading.run("query", f"IMPORT DATABASE '{folder}'"))
        for folder in (tmp_path, tmp_path / "x")
    )
    assert there == missing


SORT = "FROM (SELECT range AS a, repeat(hash(range)::VARCHAR, 5) AS b FROM range(400_000)) ORDER BY b"


def test_a_sort_that_memory_does_not_hold_goes_on_in_temporary_files(
    loaded_for_reading: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = content(loaded_for_reading.project.root)
    result = loaded_for_reading.run("query", SORT, "--format", "csv", "--max-memory", "60MB")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 400_001
    assert content(loaded_for_reading.project.root) == before
    assert list(tmp_path.iterdir()) == []
    # SQL within a text cannot be known before it runs, so no file is opened for it.
    refused = loaded_for_reading.run("query", f"FROM query('{SORT}')", "--max-memory", "60MB")
    assert "raise --max-memory" in error_of(refused)


def test_a_write_ahead_log_of_another_database_is_refused_and_nothing_is_lost(
    loaded: Shell, tmp_path: Path
) -> None:
    database = loaded.project.database
    other = _killed_after_dropping(tmp_path / "other.duckdb")
    forged = Path(f"{database}.wal")
    forged.write_bytes(other.read_bytes())
    before = content(loaded.project.root)
    refused = loaded.run("query", f"FROM {JOBS}", PIPEFY_EXPORTS_READ_COPY="false")
    assert f"{forged} is the write-ahead log of another database" in error_of(refused)
    load = loaded.project.materialize(JOBS)
    assert (load.success, load.failure_class) == (False, "LoadFailedError")
    assert f"{forged} is the write-ahead log of another database" in load.failure
    after = content(loaded.project.root)
    assert [after[str(path)] == before[str(path)] for path in (database, forged)] == [True, True]
    forged.unlink()
    assert loaded.project.materialize(JOBS).success
    counted = loaded.run("query", f"SELECT count(*) > 0 AS ok FROM {JOBS}")
    assert counted.stdout == "ok\ntrue\n"


def _killed_after_dropping(path: Path) -> Path:
    """Return the write-ahead log of a process that dropped the same table in another database, and was killed."""
    script = f"""
import os, duckdb
connection = duckdb.connect()
connection.execute("ATTACH '{path}' AS other (STORAGE_VERSION 'v1.4.0')")
connection.execute("USE other")
connection.execute("SET checkpoint_threshold = '1TB'")
connection.execute("CREATE TABLE {JOBS} AS SELECT 1 AS a")
connection.execute("CHECKPOINT")
connection.execute("DROP TABLE {JOBS}")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    return Path(f"{path}.wal")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "1 + " * 5_000 + "1",
        "EXPLAIN (" * 200,
        "EXPLAIN",
        "EXPLAIN ANALYZE",
        "EXPLAIN ()",
        "x" + "\u202e" * 5_000,  # DuckDB cuts what it quotes of it, within a character
        "EXPLAIN (ANALYZE, SELECT 1",
    ],
)
def test_the_look_at_a_statement_ends_in_one_line_for_what_is_deep_or_half(sql: str) -> None:
    with pytest.raises(QueryRefusedError) as refused:
        one_that_reads(sql)
    assert "\n" not in str(refused.value)


def test_a_refusal_is_ours_on_an_open_database_too(loaded_for_reading: Shell) -> None:
    with opened_for_reading(loaded_for_reading.project.database) as opened, pytest.raises(PipefyExportsError):
        run_query(opened, one_that_reads("SELECT * FROM nowhere"), as_json=False)
