"""DuckDB's extensions from their wheels, which carry them signed: nothing is downloaded by itself."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb

SETTINGS: dict[str, Any] = {"autoinstall_known_extensions": False}
"""Of every connection: an extension is there, or the message says what to install."""
_OF_THE_EXTRA = ("ducklake", "postgres_scanner", "httpfs")
_INSTALLED_AS = {"postgres_scanner": "postgres", "sqlite_scanner": "sqlite"}
"""What DuckDB's own INSTALL calls them."""


def connect_with_extensions(
    names: tuple[str, ...], config: Mapping[str, Any] | None = None
) -> "duckdb.DuckDBPyConnection":
    """Return a connection with extensions: from their wheels, or without one as DuckDB's INSTALL has put them there.

    Raises:
        ConfigurationError: There is none for this DuckDB; the message says what to install.
    """
    import duckdb

    connection = duckdb.connect(config={**SETTINGS, **(config or {})})
    try:
        for name in names:
            _load(connection, name)
    except BaseException:
        connection.close()
        raise
    return connection


def require_extensions(names: tuple[str, ...]) -> None:
    """Fail where extensions cannot be loaded.

    Raises:
        ConfigurationError: There is none for this DuckDB; the message says what to install.
    """
    connect_with_extensions(names).close()


def _load(connection: "duckdb.DuckDBPyConnection", name: str) -> None:
    import duckdb

    wheel = _wheel(name)
    file = wheel / f"v{duckdb.__version__}" / f"{name}.duckdb_extension" if wheel else None
    if file and file.exists():
        try:
            connection.execute(f"LOAD {literal(str(file))}")
        except duckdb.Error:
            raise ConfigurationError(
                f"the tables are in a lake, whose extension {name} does not load from {file}, as if changed or for "
                f"another machine: `pip install --force-reinstall --no-deps {_package(name)}`"
            ) from None
        return

    try:
        connection.execute(f"LOAD {name}")
    except duckdb.Error:
        raise _missing(name, wheel) from None


def _wheel(name: str) -> Path | None:
    found = importlib.util.find_spec(f"duckdb_extension_{name}")
    return Path(found.origin).parent / "extensions" if found and found.origin else None


def _package(name: str) -> str:
    return f"duckdb-extension-{name.replace('_', '-')}"


def _missing(name: str, wheel: Path | None) -> ConfigurationError:
    import duckdb

    by_hand = f"INSTALL {_INSTALLED_AS.get(name, name)}"
    if wheel is None:
        install = (
            'pip install "pipefy-exports-dagster[scale]"'
            if name in _OF_THE_EXTRA
            else f"pip install {_package(name)}"
        )
        return ConfigurationError(
            f"tables in a lake need DuckDB's extension {name}, which is not installed: `{install}`; or "
            f"with a network `python -c \"import duckdb; duckdb.sql('{by_hand}')\"`"
        )
    versions = ", ".join(sorted(folder.name.removeprefix("v") for folder in wheel.glob("v*")))
    return ConfigurationError(
        f"the tables are in a lake, whose extension {name} is for DuckDB {versions or 'another version'}, and this is "
        f'DuckDB {duckdb.__version__}: `pip install "duckdb=={versions.split(", ")[-1]}"`; or with a network '
        f"`python -c \"import duckdb; duckdb.sql('{by_hand}')\"` gets the one for this DuckDB"
    )
