"""The folders and the database: whether they can be written, and who else is at them."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipefy_exports_dagster.cli.doctor.finding import Finding, ok, report_error, report_warning
from pipefy_exports_dagster.cli.doctor.lock_holders import lock_holder
from pipefy_exports_dagster.cli.query.reading import opened_source
from pipefy_exports_dagster.config.dotenv import dagster_home_of
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import table_in_sql
from pipefy_exports_dagster.errors import DatabaseLockedError, PipefyExportsError
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.locks.file_locks import is_held, lock_file_holder
from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.tables.stores import table_store

LITTLE_SPACE_BYTES = 1_000_000_000
LAKE_LOCK_TIMEOUT_S = 10.0
"""A load holds the lock that is tried for as long as it attaches the lake."""


def check_folder(check: str, folder: Path, setting: str) -> Iterator[Finding]:
    """Yield whether a folder can be written or made, and whether there is room in it.

    Args:
        check: What the folder is.
        folder: Absolute; it need not exist.
        setting: The variable that names it.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        yield report_error(
            check, f"{there} is a file, and a folder is needed: move it away, or set {setting}"
        )
        return
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        free = shutil.disk_usage(there).free
    except OSError as error:
        yield report_error(
            check,
            f"{there} cannot be written ({error.strerror}): give this user the right to, or set {setting}",
        )
        return
    if free < LITTLE_SPACE_BYTES:
        yield report_warning(
            check, f"{folder} has only {free / 1e6:,.0f} MB left: make room before the next export"
        )
        return
    state = "" if folder.exists() else ", not there yet; it is made when it is needed"
    yield ok(check, f"{folder}{state}; {free / 1e9:,.1f} GB free")


def check_raw_files(config: PipefyExportsConfig) -> Iterator[Finding]:
    """Yield whether raw files can be kept where they are not in the data folder."""
    try:
        for works in raw_file_store(config).tried():
            yield ok("raw files", works)
    except PipefyExportsError as error:
        yield report_error("raw files", str(error))


def check_database(config: PipefyExportsConfig) -> Iterator[Finding]:
    """Yield whether the database opens, who keeps loads from writing to it, and whether columns are there.

    The columns are those that the configuration names by what the file calls them: only the loaded table knows.
    """
    store = table_store(config)
    holder = None
    try:
        store.require_usable()
        if not store.exists():
            yield ok("database", f"{store} is not there yet; the first load makes it")
            return
        holder = next(filter(None, map(lock_holder, store.locked_files)), None)
        with opened_source(store.source()) as opened:
            columns = opened.connection.execute(
                "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
                "WHERE NOT internal AND database_name = current_database()"
            ).fetchall()
    except DatabaseLockedError as error:
        who = str(holder) if holder else f"process {error.holder_pid}"
        yield report_error("database", f"{store} is held by {who}: {_while_held(config)}")
        return
    except PipefyExportsError as error:
        yield report_error("database", f"{error}. {store.said_by}")
        return
    except OSError as error:
        yield report_error(
            "database", f"{store} cannot be read ({error.strerror}): give this user the right to"
        )
        return
    if holder:
        yield report_error("database", f"{store} is open in {holder} for reading: {_while_held(config)}")
    names: dict[str, set[str]] = {}
    for schema, table, column, comment in columns:
        names.setdefault(table_in_sql(schema, table), set()).update(
            name for name in (column, comment) if name
        )
    yield from _check_columns(config, names)
    if not holder:
        tables = ", ".join(sorted(names)) or "no table yet"
        yield ok("database", f"{store} with {tables}; no process holds it")


def check_lake(config: PipefyExportsConfig) -> Iterator[Finding]:
    """Yield whether loads into a lake can have their lock, and write and delete files."""
    try:
        for works in table_store(config).tried(lock_timeout_s=LAKE_LOCK_TIMEOUT_S):
            yield ok("lake", works)
    except PipefyExportsError as error:
        yield report_error("lake", str(error))


def check_instance(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether the Dagster instance is where every process finds it."""
    given = environment.get("DAGSTER_HOME", "").strip()
    if given and not Path(given).expanduser().is_absolute():
        yield report_error(
            "Dagster",
            f"DAGSTER_HOME is {given!r}, a relative path: Dagster refuses it, and from another folder it would be "
            f"another ledger of exports. Set it to {dagster_home_of(environment)}",
        )
        return
    yield from check_folder("Dagster", dagster_home_of(environment), "DAGSTER_HOME")


def check_runs(config: PipefyExportsConfig) -> Finding:
    """Say which partitions are being worked on now, by the lock files of this machine."""
    locks = sorted((config.data_dir / "locks").glob("*/*/*.lock"))
    held = [f"{path.parent.name} {path.stem} ({lock_file_holder(path)})" for path in locks if is_held(path)]
    working = (
        f"working now: {', '.join(held)}; another run of the same partition waits" if held else "none now"
    )
    return ok("runs", working)


def _check_columns(config: PipefyExportsConfig, names: Mapping[str, set[str]]) -> Iterator[Finding]:
    for export in configured_exports(config):
        there = names.get(table_in_sql(export.schema, export.table))
        if there is None:
            continue  # nothing was loaded yet
        for setting, wanted in (
            ("time_column", [export.time_column] if export.time_column else []),
            ("column_types", list(export.reading.column_types)),
        ):
            missing = [name for name in wanted if name not in there]
            if missing:
                listed = ", ".join(sorted(name for name in there if not name.startswith("_")))
                yield report_error(
                    export.settings.name,
                    f"`{setting}` names {', '.join(map(repr, missing))}, which its table does not have: correct it. "
                    f"There are {listed[:600]}",
                )


def _while_held(config: PipefyExportsConfig) -> str:
    return (
        f"loads wait for it, {config.database_lock_timeout_s:.0f} s at most, then fail. Close it there, unless it is "
        "a load of ours; readers that stay connected can use the read copy"
    )
