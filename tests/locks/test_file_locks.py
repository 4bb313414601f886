"""Lock files: nobody else can hold them, what is no lock file is named, and so is who holds one."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from pipefy_exports_dagster.errors import StorageError
from pipefy_exports_dagster.locks.file_locks import held_lock, is_held
from pipefy_exports_dagster.locks.held import LockHeldError

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""


@contextmanager
def held_by_another_program(path: Path) -> Iterator[int]:
    """Its process id; it takes the lock as any program could."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield holder.pid
        holder.kill()


def test_a_lock_that_another_program_holds_names_file_and_process(tmp_path: Path) -> None:
    path, waits = tmp_path / "last_month.lock", []
    with held_by_another_program(path) as pid:
        started = time.monotonic()
        with (
            pytest.raises(LockHeldError) as caught,
            held_lock(path, timeout_s=0.4, on_wait=lambda: waits.append(1)),
        ):
            pytest.fail("it is held")
    assert 0.4 <= time.monotonic() - started < 10
    assert str(path) in str(caught.value)
    if Path("/proc/locks").exists():
        assert f"process {pid} (python" in str(caught.value)
    assert waits == [1]


def test_a_lock_is_taken_when_its_holder_dies(tmp_path: Path) -> None:
    path = tmp_path / "last_month.lock"
    with held_by_another_program(path) as pid:
        assert is_held(path)
        with held_lock(path, timeout_s=10, on_wait=lambda: os.kill(pid, 9)) as waited:
            assert waited
    with held_lock(path, timeout_s=0) as waited:
        assert not waited
        assert is_held(path)
    assert not is_held(path)


def test_it_excludes_the_library_of_earlier_versions_and_is_excluded_by_it(tmp_path: Path) -> None:
    path = tmp_path / "last_month.lock"
    with held_lock(path, timeout_s=0), pytest.raises(Timeout):
        FileLock(path, timeout=0).acquire()
    with FileLock(path), pytest.raises(LockHeldError), held_lock(path, timeout_s=0):
        pytest.fail("it is held")


@pytest.mark.parametrize("umask", [0o000, 0o022], ids=oct)
def test_a_lock_file_is_for_its_owner_only(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with held_lock(tmp_path / "a.lock", timeout_s=0):
            assert (tmp_path / "a.lock").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def link(path: Path) -> None:
    path.with_name("precious").write_text("precious")
    path.symlink_to("precious")


@pytest.mark.parametrize(
    ("put", "what"),
    [
        pytest.param(link, "a symbolic link", id="a link to a file"),
        pytest.param(lambda path: path.symlink_to("nowhere"), "a symbolic link", id="a link to nowhere"),
        pytest.param(Path.mkdir, "no regular file", id="a folder"),
        pytest.param(os.mkfifo, "no regular file", id="a pipe"),
    ],
)
def test_what_is_no_lock_file_is_named_and_left_alone(
    tmp_path: Path, put: Callable[[Path], None], what: str
) -> None:
    path = tmp_path / "last_month.lock"
    put(path)
    with pytest.raises(StorageError, match=what) as caught, held_lock(path, timeout_s=0):
        pytest.fail("it cannot be held")
    assert str(path) in str(caught.value)
    assert not is_held(path)
    assert not os.path.lexists(tmp_path / "nowhere")
    assert not (tmp_path / "precious").exists() or (tmp_path / "precious").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_lock_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last_month.lock"
    path.touch(0o666)
    os.chown(path, 23001, -1)
    with pytest.raises(StorageError, match="a file of user 23001"), held_lock(path, timeout_s=0):
        pytest.fail("its owner could hold it forever")
    os.chown(tmp_path, 23001, -1)  # root works in that user's folder
    with held_lock(path, timeout_s=0):
        pass


def test_what_is_written_in_a_lock_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "last_month.lock"
    path.write_text("somebody's")
    with held_lock(path, timeout_s=0):
        pass
    assert path.read_text() == "somebody's"
