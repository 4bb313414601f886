"""Nothing was run on Windows. What Windows lacks keeps no module from being imported, and its use is one clear line."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipefy_exports_dagster.cli.dev import require_web_server
from pipefy_exports_dagster.errors import ConfigurationError, StorageError
from pipefy_exports_dagster.locks.file_locks import held_lock
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.tables.workspace import workspace

IMPORT_ALL = """
import os, pkgutil, signal, subprocess, sys, errno
import pipefy_exports_dagster

def modules():
    return [m.name for m in pkgutil.walk_packages(pipefy_exports_dagster.__path__, "pipefy_exports_dagster.")]

def import_all():
    for name in modules():
        __import__(name)

import_all()  # what it needs of others is imported on this system
names = modules()
for name in [name for name in sys.modules if name.partition(".")[0] == "pipefy_exports_dagster"]:
    del sys.modules[name]
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix", "crypt", "spwd", "nis"):
    sys.modules[name] = None
ON_WINDOWS = {"SIGINT", "SIGTERM", "SIGABRT", "SIGFPE", "SIGILL", "SIGSEGV"}
for name in [name for name in vars(signal) if name.startswith("SIG") and name.isupper() and "_" not in name]:
    if name not in ON_WINDOWS:
        delattr(signal, name)
for name in ("pthread_sigmask", "setitimer", "alarm", "pause", "sigwait", "siginterrupt"):
    delattr(signal, name)
GONE = '''O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY O_SYNC chown chroot fchdir fchmod fchown fork forkpty getegid
geteuid
getgid getgroups getloadavg getpgid getpgrp getpriority getresuid getsid getuid initgroups killpg lchown lockf major
makedev minor mkfifo mknod nice openpty pathconf posix_fadvise posix_fallocate posix_spawn pread preadv pwrite pwritev
register_at_fork sched_getaffinity sched_yield sendfile setegid seteuid setgid setpgid setsid setuid statvfs sync
sysconf
tcgetpgrp ttyname uname wait wait3 wait4 waitid copy_file_range memfd_create WNOHANG'''.split()
for name in GONE:
    if hasattr(os, name):
        delattr(os, name)
import pipefy_exports_dagster
import_all()
print(len(names), "fcntl" in sys.modules and sys.modules["fcntl"])
"""


def test_every_module_is_imported_without_what_windows_lacks() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    count, fcntl = done.stdout.split()
    assert int(count) > 200
    assert fcntl == "None"


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one module by which the package tells."""
    monkeypatch.setitem(sys.modules, "fcntl", None)


@pytest.mark.usefixtures("windows")
def test_what_does_not_work_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"^locking a file does not work on Windows: run this in WSL"):
        held_lock(tmp_path / "x.lock", timeout_s=0).__enter__()
    with pytest.raises(StorageError, match=r"^locking a file does not work on Windows"):
        workspace(tmp_path / "x.duckdb").__enter__()
    with pytest.raises(StorageError, match=r"^reading a file does not work on Windows"):
        read_table_file(tmp_path / "x.csv", folder=tmp_path)


def test_dev_without_the_ui_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dagster_webserver", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"pipefy-exports-dagster\[ui\]"):
        require_web_server()
