"""How the command ends, as a shell and a terminal see it: exit codes, signals, folders that refuse, a spinner."""

import contextlib
import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from support.project import JOBS
from support.waiting import PATIENCE_S, eventually
from support.warm_commands import WarmCommand

from .conftest import TOKEN, Desk

TABLE = ("--table", "prices", "--database", "own.duckdb")
ASSET = ("--asset", JOBS, "--partition", "last_month")


def ended(process: "WarmCommand | subprocess.Popen[str]") -> tuple[int, str, str]:
    stdout, stderr = (text or "" for text in process.communicate(timeout=PATIENCE_S))
    assert "Traceback" not in stdout + stderr
    assert TOKEN not in stdout + stderr
    return process.returncode, stdout, stderr


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another process holds the database."""
    hold = f"import duckdb; c = duckdb.connect({str(database)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate("\n")


def test_exit_codes(desk: Desk) -> None:
    desk.csv("a,b\n1,x\n")
    desk.csv("<html></html>", "page.csv")
    code, stdout, stderr = ended(desk.start("export.csv", *TABLE, "--json"))
    assert (code, json.loads(stdout)["rows"], stderr) == (0, 1, "")
    code, stdout, stderr = ended(desk.start("page.csv", *TABLE, "--json"))
    assert (code, json.loads(stdout)["error"]["class"]) == (1, "UnreadableFileError")
    assert stderr == f"Error: {json.loads(stdout)['error']['message']}\n"
    code, stdout, stderr = ended(desk.start("export.csv", "--json"))
    assert (code, stdout) == (2, "")
    assert "give --asset and --partition" in stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_file_is_read_leaves_nothing(desk: Desk, number: signal.Signals) -> None:
    desk.csv("a,b\n" + "1,x\n" * 4_000_000, "large.csv")
    before = set(desk.everything())
    # A group of its own: Ctrl-C reaches the reading process as well.
    process = desk.start("large.csv", *ASSET, "--json")
    eventually(lambda: list(desk.root.glob("data/.pipefy_exports_loading/*/source")))
    time.sleep(0.3)
    os.killpg(process.pid, number)
    code, stdout, stderr = ended(process)
    assert code == 128 + number
    assert stderr == "Error: interrupted; nothing was loaded\n"
    assert json.loads(stdout) == {
        "error": {"class": "Interrupted", "message": "interrupted; nothing was loaded"}
    }
    left = set(desk.everything()) - before
    assert {path for path in left if not path.startswith(("data/locks", "data/dagster"))} == set()


def test_ctrl_c_while_the_database_is_held_leaves_it_as_it_was(desk: Desk) -> None:
    desk.csv("a,b\n1,x\n")
    assert ended(desk.start("export.csv", *TABLE))[0] == 0
    with held(desk.root / "own.duckdb"):
        process = desk.start("export.csv", *TABLE)
        eventually(lambda: list(desk.root.glob(".pipefy_exports_loading/*/*.parquet")))
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        code, stdout, stderr = ended(process)
    assert (code, stdout, stderr) == (130, "", "Error: interrupted; nothing was loaded\n")
    assert not (desk.root / ".pipefy_exports_loading").exists()


def test_ctrl_c_within_the_transaction_rolls_it_back(desk: Desk) -> None:
    desk.csv("a,b\n" + "".join(f"{n},x{n}\n" for n in range(1_000_000)))
    process = desk.start("export.csv", *TABLE)
    database = desk.root / "own.duckdb"
    eventually(database.exists)
    process.send_signal(signal.SIGINT)
    code, _, stderr = ended(process)
    if code == 130 and "nothing was loaded" in stderr:
        with duckdb.connect(database, read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)
    else:  # the commit was quicker
        assert code == 0 or "in the table already" in stderr


def test_ctrl_c_after_the_commit_says_so_and_the_same_command_finishes(desk: Desk) -> None:
    desk.csv("a,b\n1,x\n")
    with duckdb.connect(desk.project.database):
        pass
    # Dagster's event log is held, so that the command waits between the commit and the event; the database is until
    # the log is.
    with contextlib.closing(sqlite3.connect(desk.project.home / "history" / "runs" / "index.db")) as log:
        with held(desk.project.database):
            process = desk.start("export.csv", *ASSET)
            eventually(lambda: list(desk.root.glob("data/.pipefy_exports_loading/*/*.parquet")))
            log.execute("BEGIN IMMEDIATE")
        eventually((desk.root / "data" / "pipefy_exports.read.duckdb").exists)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        log.rollback()  # SQLite's own wait, of up to 30 s, does not hear the signal
        code, _, stderr = ended(process)
    assert (code, stderr.count("\n")) == (130, 1)
    assert "in the table already; run the same command again" in stderr
    assert desk.project.materializations(JOBS, "last_month") == []
    assert desk.load("export.csv", *ASSET).exit_code == 0
    [metadata] = desk.project.materializations(JOBS, "last_month")
    assert metadata["dagster/row_count"] == 1
    assert desk.project.tables() == {(JOBS, "last_month"): 1}
    assert len(desk.project.raw_files()) == 1


def test_a_report_that_nobody_takes_does_not_undo_the_load(desk: Desk) -> None:
    desk.csv("a,b\n1,x\n")
    with Path("/dev/full").open("w") as full:
        code, _, stderr = ended(desk.start("export.csv", *TABLE, stdout=full.fileno()))
    assert (code, stderr.count("\n")) == (1, 1)
    assert "the rows are loaded, but the report could not be printed" in stderr


def test_a_database_that_stays_locked_is_one_line_whatever_the_wait(desk: Desk) -> None:
    desk.csv("a,b\n1,x\n")
    assert ended(desk.start("export.csv", *TABLE))[0] == 0
    with held(desk.root / "own.duckdb"):
        code, _, stderr = ended(desk.start("export.csv", *TABLE, "--wait", "7"))
    assert (code, stderr.count("\n")) == (1, 1), stderr
    assert "was locked by process" in stderr


def test_a_person_who_waits_sees_the_stage(desk: Desk) -> None:
    desk.csv("a,b\n1,x\n")
    assert ended(desk.start("export.csv", *TABLE))[0] == 0
    shown, terminal = pty.openpty()
    desk.environment["TERM"] = "xterm"
    with held(desk.root / "own.duckdb"):
        process = desk.start("export.csv", *TABLE, "--wait", "3", stderr=terminal)
        os.close(terminal)
        seen = b""
        while True:
            try:
                chunk = os.read(shown, 4096)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not chunk:
                break
            seen += chunk
        os.close(shown)
        process.communicate(timeout=PATIENCE_S)
    text = seen.decode()
    assert process.returncode == 1
    assert "writing to the database" in text
    assert "was locked by process" in text


def started_as_an_ordinary_person(desk: Desk, *arguments: str) -> "WarmCommand | subprocess.Popen[str]":
    """Root may read and write everything, unless it gives that up."""
    if os.geteuid() != 0:
        return desk.start(*arguments)
    if not shutil.which("setpriv"):
        pytest.skip("root is refused nothing, and setpriv is not here to change that")
    return desk.start_with("setpriv", "--bounding-set=-dac_override,-dac_read_search", arguments=arguments)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    yield
    folder.chmod(0o755)


def test_a_file_that_may_not_be_read_is_one_line(desk: Desk) -> None:
    desk.csv("a,b\n1,x\n").chmod(0)
    code, _, stderr = ended(started_as_an_ordinary_person(desk, "export.csv", *TABLE))
    assert (code, stderr) == (1, "Error: export.csv cannot be read: Permission denied\n")


@pytest.mark.parametrize(("folder", "target"), [(".", TABLE), ("data/raw", ASSET), ("data/dagster", ASSET)])
def test_a_folder_that_may_not_be_written_is_one_line(
    desk: Desk, folder: str, target: tuple[str, ...]
) -> None:
    desk.csv("a,b\n1,x\n")
    if folder == "data/dagster":
        shutil.rmtree(desk.root / folder)
    with read_only(desk.root / folder):
        code, _, stderr = ended(started_as_an_ordinary_person(desk, "export.csv", *target))
    assert (code, stderr.count("\n")) == (1, 1), stderr
    assert "Permission denied" in stderr
    assert not list(desk.root.rglob("*.duckdb"))


def test_a_full_disk_is_one_line_and_leaves_nothing(desk: Desk) -> None:
    mount = desk.root / "data" / "raw"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")
    try:
        desk.csv("a,b\n" + "1,x\n" * 50_000)
        code, stdout, stderr = ended(desk.start("export.csv", *ASSET, "--json"))
        assert code == 1
        assert json.loads(stdout)["error"]["class"] == "DiskFullError"
        assert "run the command again" in stderr
        assert not [path for path in mount.rglob("*") if path.is_file()]
    finally:
        subprocess.run(["umount", str(mount)], check=True)
    shutil.rmtree(mount)
