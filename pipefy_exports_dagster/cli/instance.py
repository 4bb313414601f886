"""A Dagster instance that persists: its folder, with the shipped `dagster.yaml` in it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import pipefy_exports_dagster
from pipefy_exports_dagster.config.dotenv import dagster_home_of, data_dir_of, environment_with_dotenv
from pipefy_exports_dagster.errors import ConfigurationError, StorageError
from pipefy_exports_dagster.files.private import is_shared, make_folder, share
from pipefy_exports_dagster.locks.file_locks import held_lock
from pipefy_exports_dagster.locks.held import LockHeldError

PACKAGE = Path(pipefy_exports_dagster.__file__).parent
SHIPPED = (PACKAGE / "dagster.yaml", PACKAGE.parent / "dagster.yaml")
"""In an installed package, and in the repository."""

UNSET_VARIABLE = re.compile(r'environment variable "(\w+)" which is not set')
"""What Dagster says, once for each, deep in an error about a `dagster.yaml` that names variables."""

_PREPARE_TIMEOUT_S = 300.0
"""Its making takes some seconds, and several processes that begin at once wait for each other."""


@click.command()
def instance() -> None:
    """Prepare the Dagster instance of this environment and `.env`, and print its folder, for DAGSTER_HOME."""
    try:
        environment = environment_with_dotenv()
        os.environ.update(environment)  # a `dagster.yaml` may name variables
        click.echo(prepare_instance(dagster_home_of(environment), data_dir=data_dir_of(environment)))
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


def prepare_instance(home: Path, *, data_dir: Path | None = None) -> Path:
    """Make the folder for DAGSTER_HOME, with the shipped `dagster.yaml` (unless it has one) and its storage.

    The storage is created here and under a lock, because Dagster's processes do not expect each other to:
    a daemon and a command that both find a new instance both create its SQLite files, and fail (tried).

    Args:
        home: The folder.
        data_dir: The data folder: where a group shares it, and the instance is in it, it shares the instance.

    Returns:
        The folder, absolute: Dagster refuses a relative one.

    Raises:
        ConfigurationError: The folder cannot be made, or its storage not opened.
    """
    home = home.expanduser().absolute()
    target = home / "dagster.yaml"
    try:
        make_folder(home, root=data_dir)
        with held_lock(home / ".prepare.lock", timeout_s=_PREPARE_TIMEOUT_S):
            if target.is_symlink() and not target.exists():
                target.unlink()  # the package it pointed into is gone
            if not target.exists():
                target.symlink_to(shipped_dagster_yaml())
            _create_storage(home)
            if is_shared(home):
                _share_storage(home)
    except (LockHeldError, StorageError) as error:
        raise ConfigurationError(f"the Dagster instance in {home} cannot be prepared: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"the Dagster instance cannot be kept in {home}: {error.strerror}") from None
    return home


def shipped_dagster_yaml() -> Path:
    """Return the path of the `dagster.yaml` that comes with the package."""
    return next(path for path in SHIPPED if path.exists())


def _create_storage(home: Path) -> None:
    import dagster as dg

    with storage_errors(home), dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs_count()
        instance.get_asset_keys()
        instance.all_instigator_state()
        if is_shared(home):
            instance.all_logs("")  # the file of what is reported outside a run, as `load` does


@contextmanager
def storage_errors(home: Path) -> Iterator[None]:
    """Raise what the storage of an instance says as one error of ours: each kind refuses in its own way.

    Raises:
        ConfigurationError: In place of any error of the block.
    """
    try:
        yield
    except Exception as error:
        raise ConfigurationError(
            f"the Dagster instance in {home} cannot be opened: {first_line(error)}. See `storage` in its dagster.yaml"
        ) from error


def first_line(error: Exception) -> str:
    """Return what an error says first, or which variables it misses; what else follows may quote settings."""
    unset = dict.fromkeys(UNSET_VARIABLE.findall(str(error)))
    if unset:
        return f"not set, in the environment or .env: {', '.join(unset)}"
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"


def _share_storage(home: Path) -> None:
    """Let the group write Dagster's SQLite files: SQLite makes them without that right, whatever the umask is.

    Only those that this user made; the others' next command does theirs.
    """
    for pattern in ("*", "*/*", "history/runs/*"):
        for path in home.glob(pattern):
            if path.name.endswith(".db") or path.is_dir():
                share(path)
