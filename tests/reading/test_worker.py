"""The process that reads files: what it is told, how it ends, and what its end says of the file."""

import contextlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.loader import Loader
from support.reader_faults import READER_FAULTS, inject
from support.waiting import eventually

from pipefy_exports_dagster import errors
from pipefy_exports_dagster.errors import PipefyExportsError, UnreadableFileError
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.tables import workspace

SECRETS = {
    "PIPEFY_TOKEN": "marked-secret-1",
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": "marked-secret-2",
    "AWS_SECRET_ACCESS_KEY": "marked-secret-3",
    "HTTPS_PROXY": "http://user:marked-secret-4@proxy:3128",
    "DAGSTER_PG_URL": "postgresql://user:marked-secret-5@host/db",
    "SOMETHING_NEW": "marked-secret-6",
}
LONG_ROWS = 12_000_000

READ = """
import sys
from pathlib import Path
from pipefy_exports_dagster.tables import workspace
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.runner import read_table_file
path, database, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
with workspace(database) as folder:
    print(read_table_file(path, folder=folder, options=ReadOptions(max_seconds=seconds)).rows)
"""


def styled(code: str) -> bytes:
    """A workbook with one cell, and with a number format of its own."""
    parts = {
        "xl/workbook.xml": '<workbook><sheets><sheet name="a" sheetId="1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": "<worksheet><sheetData><row><c s='1'><v>1</v></c></row>"
        "<row><c s='1'><v>2</v></c></row></sheetData></worksheet>",
        "xl/styles.xml": f'<styleSheet><numFmts><numFmt numFmtId="200" formatCode="{code}"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="200"/></cellXfs></styleSheet>',
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return written.getvalue()


HOSTILE = {
    "comments and half a tag": b"<!---->" * 41 + b"<a",
    "a title of blanks": b"<html><title>" + b" " * 60_000,
    "a format of brackets": styled("[" * 400_000),
    "an encoding that decodes badly": b'<?xml version="1.0" encoding="punycode"?>' + b"<a>" * 60_000,
    "a quote that never closes": b'a,b\n1,"' + b'""x,' * 2_000_000,
    "lines of blanks": b" \n" * 3_000_000,
    "deep JSON": b"[" * 1_000_000,
    "long rows": b"a,b\n" + b"1,x\n" * LONG_ROWS,
}
"""Files that once took a reader minutes, others of their kind, and one that honestly takes seconds."""


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def is_reader(pid: int) -> bool:
    """Before its program is in place, a new process shows its parent's."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return b"pipefy_exports_dagster.reading.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@contextmanager
def reading(path: Path, *, seconds: float = 900) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Let a process of its own read a file; gives it and the process that it started."""
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(path), str(path.parent / "x.duckdb"), str(seconds)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | SECRETS,
    ) as parent:  # fmt: skip

        def readers() -> list[int]:
            found = [child for child in children_of(parent.pid) if is_reader(child)]
            assert found or parent.poll() is None, parent.stderr.read() if parent.stderr else ""
            return found

        [child] = eventually(readers)
        try:
            yield parent, child
        finally:
            parent.kill()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_reader_outlives_its_parent(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HOSTILE[name])
    with reading(path) as (parent, child):
        time.sleep(1.0)  # it is at work, or has ended
        parent.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        while alive(child):
            assert time.monotonic() - killed < 5, "the reader lives on"
            time.sleep(0.02)


def test_a_reader_that_no_python_runs_in_dies_with_its_parent(tmp_path: Path) -> None:
    """Stopped, it hears nothing: no thread of its own could end it."""
    path = tmp_path / "a.csv"
    path.write_bytes(HOSTILE["long rows"])
    with reading(path) as (parent, child):
        eventually(lambda: resource.prlimit(child, resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY)
        assert alive(child), "it was to be at work"
        os.kill(child, signal.SIGSTOP)
        parent.send_signal(signal.SIGKILL)
        eventually(lambda: not alive(child), lambda: "the reader lives on")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_reader_passes_its_limit_of_cpu_time_though_nobody_watches(tmp_path: Path, name: str) -> None:
    """The request without a parent that looks at the clock: only the kernel ends it."""
    path = tmp_path / "a.csv"
    path.write_bytes(HOSTILE[name])
    limit_s = 1 * (os.cpu_count() or 1)
    request = {
        "path": str(path), "folder": str(tmp_path), "options": {"max_seconds": 1.0}, "parent": os.getpid()
    }  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-m", "pipefy_exports_dagster.reading.worker"],
        input=json.dumps(request).encode() + b"\n",
        capture_output=True,
        check=False,
        timeout=120,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert taken < limit_s + 1
    if name == "long rows":
        assert ended.returncode == -signal.SIGXCPU, (ended.returncode, taken)
    else:
        assert ended.returncode in {0, -signal.SIGXCPU}, ended.stderr


def test_what_the_kernel_stopped_is_a_limit_that_can_be_raised(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\n    while True: pass"
    inject(loader.folder / "faults", code, monkeypatch)
    with pytest.raises(errors.ReadLimitError, match=r"longer than 900 s .* raise `reading.max_seconds`"):
        loader.load("a,b\n1,x\n")


def test_the_reader_is_told_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HOSTILE["long rows"])
    with reading(path) as (_, child):
        told = Path(f"/proc/{child}/environ").read_bytes()
        asked = Path(f"/proc/{child}/cmdline").read_bytes()
        limits = Path(f"/proc/{child}/limits").read_text()
    assert b"marked-secret" not in told + asked
    assert b"PATH=" in told
    assert limits


def test_the_reader_leaves_no_core_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HOSTILE["long rows"])
    with reading(path) as (_, child):
        none = "Max core file size        0                    0"
        eventually(lambda: none in Path(f"/proc/{child}/limits").read_text())


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("trouble", READER_FAULTS)
def test_trouble_of_the_machine_is_never_the_files(
    loader: Loader, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    code, error, says = READER_FAULTS[trouble]
    rows = "a,b\n" + "".join(f"{number},x{number}\n" for number in range(2_000))
    with monkeypatch.context() as patched:
        inject(loader.folder / "faults", code, patched)
        with pytest.raises(PipefyExportsError, match=says) as caught:
            loader.load(rows)
    assert type(caught.value).__name__ == error
    assert not isinstance(caught.value, UnreadableFileError)
    assert "a value of the file" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert loader.load(rows).rows == 2_000


def test_a_process_that_cannot_be_started_is_the_machines_trouble(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    limit = "    import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6))\n"
    ended = subprocess.run(
        [
            *(sys.executable, "-c", READ.replace("    print(", f"{limit}    print(")),
            *(tmp_path / "a.csv", tmp_path / "x.duckdb", "60"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    said = "ReaderFailedError: the file could not be read on this machine (Too many open files)"
    assert said in ended.stderr


def test_a_workbook_that_is_damaged_is_still_the_files_fault(loader: Loader) -> None:
    whole = styled("0.00")
    for damaged in (whole[: len(whole) // 2], whole.replace(b"xl/workbook", b"xl/xorkbook")):
        with pytest.raises(UnreadableFileError):
            loader.load(loader.csv(damaged))


def test_a_workspace_that_is_gone_is_not_the_files_fault(loader: Loader) -> None:
    with workspace(loader.database) as folder, pytest.raises(errors.ReaderFailedError, match="is gone"):
        read_table_file(loader.csv("a,b\n1,2\n"), folder=folder / "nowhere")
