"""Where the list of found reports is kept: in the state of Dagster's state-backed components.

`dg` keeps the state of a component in its project, or where the instance keeps state. Our own code location and the
command line stand outside `dg`'s component tree and use the same places; outside a `dg` project the list is in the data
folder.
"""

import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
from dagster.components import DefsStateConfig, DefsStateConfigArgs

from pipefy_exports_dagster.config.dotenv import dagster_home_of
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.discovery.kept_reports import (
    KeptReports,
    owner_of,
    read_kept_reports,
    with_kept_reports,
)
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.files.private import make_folder, open_private

LOCAL = "LOCAL_FILESYSTEM"
LOCAL_STATE = ".local_defs_state"
STATE = "state"
"""Dagster's names of the folder and the file."""
NOT_IN_A_FOLDER = re.compile(r"[^A-Za-z0-9._-]")


def defs_state_config(config: PipefyExportsConfig) -> DefsStateConfig:
    """Return where the state is, in Dagster's words."""
    asked = config.defs_state
    args = DefsStateConfigArgs.model_validate(
        {"key": asked.key, "management_type": asked.management_type, "refresh_if_dev": asked.refresh_if_dev}
    )
    return DefsStateConfig.from_args(args, default_key=owner_of(config))


def kept_reports(config: PipefyExportsConfig, project_root: Path) -> KeptReports | None:
    """Return what was found before; None if nothing is kept.

    Raises:
        ConfigurationError: The list, or the instance that keeps it, cannot be read.
    """
    if config.defs_state.management_type == LOCAL:
        path = local_state_path(config, project_root)
        return read_kept_reports(path, config) if path.exists() else None
    with _storage() as storage, tempfile.TemporaryDirectory() as folder:
        key = defs_state_config(config).key
        version = storage.get_latest_version(key)
        if version is None:
            return None
        path = Path(folder) / STATE
        storage.download_state_to_path(key, version, path)
        return read_kept_reports(path, config)


def find_reports(
    config: PipefyExportsConfig,
    before: KeptReports | None,
    *,
    on_progress: Callable[[str], None] = lambda _: None,
    on_warning: Callable[[str], None] | None = None,
) -> KeptReports:
    """Ask Pipefy for the reports, and return them with those that were found before.

    Args:
        config: What is looked for, and where.
        before: What was found before: its assets keep their names.
        on_progress: Hears what is being asked for.
        on_warning: Hears of what was left out; Dagster's log by default.

    Raises:
        PipefyExportsError: Pipefy refuses or does not answer.
    """
    from pipefy_exports_dagster.discovery.finding import ReportFinder
    from pipefy_exports_dagster.pipefy.client import PipefyClient

    with PipefyClient.from_environment(config.connection) as client:
        finder = ReportFinder(
            client,
            with_kept_reports(config, before),
            before,
            datetime.now(UTC),
            on_progress=on_progress,
            on_warning=on_warning or dg.get_dagster_logger().warning,
        )
        kept = finder.find()
    with_kept_reports(config, kept)  # what could not be used must not be kept
    return kept


def keep_reports(config: PipefyExportsConfig, project_root: Path, kept: KeptReports) -> str:
    """Keep what was found in place of what was found before; return where it is, for people."""
    if config.defs_state.management_type == LOCAL:
        path = local_state_path(config, project_root)
        write_state(path, kept)
        _leave_out_of_git(path)
        return str(path)
    with _storage() as storage, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / STATE
        write_state(path, kept)
        storage.upload_state_from_path(defs_state_config(config).key, str(uuid4()), path)
    return "the state storage of the Dagster instance"


def write_state(path: Path, kept: KeptReports) -> None:
    """Write a list, at once: a reader finds the one before or this one."""
    make_folder(path.parent)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with open_private(part) as file:
            file.write(kept.text().encode())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _leave_out_of_git(path: Path) -> None:
    """Keep the local state of a `dg` project out of git, as Dagster does where it makes the folder."""
    ignored = path.parent.parent / ".gitignore"
    if ignored.parent.name == LOCAL_STATE and not ignored.exists():
        ignored.write_text("*\n")


def local_state_path(config: PipefyExportsConfig, project_root: Path) -> Path:
    """Return the file in which a list is kept locally: where `dg` keeps it in its project, else in the data folder."""
    folder = NOT_IN_A_FOLDER.sub("__", defs_state_config(config).key)
    if defs_folder := _defs_folder(project_root):
        return defs_folder / LOCAL_STATE / folder / STATE
    return config.data_dir / "defs_state" / folder / STATE


def _defs_folder(project_root: Path) -> Path | None:
    """Return the folder of a `dg` project's definitions, without importing it; None if it is no such project."""
    project = _table(project_root / "dg.toml", "project") or _table(
        project_root / "pyproject.toml", "tool", "dg", "project"
    )
    if not isinstance(project.get("root_module"), str):
        return None
    module = str(project.get("defs_module") or f"{project['root_module']}.defs")
    folders = [base.joinpath(*module.split(".")) for base in (project_root / "src", project_root)]
    return next((folder for folder in folders if folder.is_dir()), None)


def _table(file: Path, *names: str) -> Mapping[str, Any]:
    """Return a table of a TOML file; an empty one if there is none."""
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    for name in names:
        table = table.get(name) if isinstance(table, Mapping) else None
    return table if isinstance(table, Mapping) else {}


@contextmanager
def _storage() -> Iterator[Any]:
    """Open the instance's storage of state: that of the process, in Dagster's own, or else that of DAGSTER_HOME.

    Raises:
        ConfigurationError: The instance keeps no state, or cannot be opened.
    """
    from dagster._core.storage.defs_state.base import DefsStateStorage

    if storage := DefsStateStorage.get():
        yield storage
        return
    home = dagster_home_of(os.environ)
    if not (home / "dagster.yaml").exists():
        raise ConfigurationError(
            f"`defs_state` is VERSIONED_STATE_STORAGE, and there is no Dagster instance in {home}: set DAGSTER_HOME, "
            "or use LOCAL_FILESYSTEM"
        )
    try:
        opened = dg.DagsterInstance.from_config(str(home))
    except Exception as error:  # noqa: BLE001 - whatever storage the instance has
        problem = next(iter(str(error).splitlines()), type(error).__name__)[:300]
        raise ConfigurationError(f"the Dagster instance in {home} cannot be opened: {problem}") from None
    with opened as instance:
        if instance.defs_state_storage is None:
            raise ConfigurationError(
                f"the Dagster instance in {home} keeps no state: set `defs_state_storage` in its dagster.yaml, or use "
                "`defs_state: {management_type: LOCAL_FILESYSTEM}`"
            )
        yield instance.defs_state_storage
