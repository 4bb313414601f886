"""What other people on this machine can read or write: raw files, tables, previews of rows, credentials."""

import os
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipefy_exports_dagster.cli.doctor.finding import Finding, report_warning
from pipefy_exports_dagster.config.dotenv import dagster_home_of
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.config.notify import NOTIFY_VARIABLE
from pipefy_exports_dagster.files.posix import own_user
from pipefy_exports_dagster.files.private import is_shared
from pipefy_exports_dagster.tables.stores import table_store

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_permissions(config: PipefyExportsConfig, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what others can get at, with the command that keeps them out. What exists is never changed by itself.

    A folder that an administrator lets a group share is as it should be.
    """
    home = dagster_home_of(environment)
    yield from _look_at_folder("data folder", config.data_dir, "raw files and tables")
    if config.data_dir not in home.parents:
        yield from _look_at_folder("Dagster", home, "previews of rows")
    files = [path for path in table_store(config).files if config.data_dir not in path.parents]
    yield from _look_at_files(files)
    for folder in dict.fromkeys((config.data_dir, home)):
        yield from _look_at_umask(folder)


def check_dotenv(dotenv: Mapping[str, str], configs: Sequence[PipefyExportsConfig]) -> Iterator[Finding]:
    """Yield whether everybody here can get at the credentials in `.env`; a service's group may."""
    path = Path(".env")
    connections = (Connection(), *(config.connection for config in configs))
    secrets = {NOTIFY_VARIABLE, *(name for each in connections for name in each.credential_variables)}
    if any(dotenv.get(name) for name in secrets) and _open_to(path) & stat.S_IRWXO:
        yield report_warning(
            "settings",
            f".env holds credentials, and others on this machine can read or change it ({_modes([path])}): "
            f"`{_closed([path])}`",
        )


def _look_at_folder(check: str, folder: Path, what: str) -> Iterator[Finding]:
    if not folder.is_dir():
        return
    shared = is_shared(folder)
    if not _open_to(folder) & (stat.S_IRWXO if shared else OTHERS):
        return
    path = shlex.quote(str(folder))
    command = f"chmod 2770 {path}" if shared else f"chmod 700 {path}"
    owner = folder.stat().st_uid
    by = "" if own_user() in {owner, 0} else f" (as user {owner}, whose it is)"
    yield report_warning(
        check,
        f"{folder} is open to others on this machine (mode {_mode(folder)}), with {what}: `{command}`{by}. To let a "
        "group share it, see docs/how-to.md",
    )


def _look_at_files(files: Iterable[Path]) -> Iterator[Finding]:
    """Look at files or folders of tables elsewhere: the folder that they are in may be others' as well."""
    if open_files := [path for path in files if _open_to(path) and _is_reached_by_others(path.parent)]:
        yield report_warning(
            "database",
            f"{', '.join(map(str, open_files))} can be read by others on this machine ({_modes(open_files)}): "
            f"`{_closed(open_files)}`, unless they are meant to",
        )


def _is_reached_by_others(folder: Path) -> bool:
    return not is_shared(folder) and bool(_open_to(folder) & (stat.S_IXGRP | stat.S_IXOTH))


def _look_at_umask(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir() or not is_shared(folder):
        return
    umask = _umask()
    if umask & stat.S_IRWXG:
        yield report_warning(
            "data folder",
            f"{folder} is shared by its group, and this user's umask is {umask:04o}: the group could not write what "
            "Dagster makes there. Run `umask 007` before (UMask=0007 in a systemd unit)",
        )


def _open_to(path: Path) -> int:
    """Return the rights that others have, by the path's own mode; none where it is not there."""
    try:
        return path.stat().st_mode & OTHERS
    except OSError:
        return 0


def _closed(paths: Iterable[Path]) -> str:
    return f"chmod 600 {' '.join(shlex.quote(str(path)) for path in paths)}"


def _modes(paths: Iterable[Path]) -> str:
    return f"mode {', '.join(dict.fromkeys(map(_mode, paths)))}"


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
