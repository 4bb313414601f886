"""DuckDB's extensions from their wheels, which carry them signed: nothing is downloaded by itself."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import ConfigurationError

if TYPE_CHECKING:
    import duckdb

_OF_THE_EXTRA = ("ducklake", "postgres_scanner", "httpfs")
_INSTALLED_AS = {"postgres_scanner": "postgres", "sqlite_scanner": "sqlite"}
"""What DuckDB's own INSTALL calls them."""


def load_extensions(connection: "duckdb.DuckDBPyConnection", names: tuple[str, ...]) -> None:
    """Load extensions from their wheels, or where there is none, those that DuckDB's INSTALL has put into its folder.

    Raises:
        ConfigurationError: There is none for this DuckDB; the message says what to install.
    """
    import duckdb

    for name in names:
        wheel = _wheel(name)
        file = wheel / f"v{duckdb.__version__}" / f"{name}.duckdb_extension" if wheel else None
        try:
            connection.execute(f"LOAD '{file}'" if file and file.exists() else f"LOAD {name}")
        except duckdb.Error:
            raise _missing(name, wheel) from None


def require_extensions(names: tuple[str, ...]) -> None:
    """Fail where extensions cannot be loaded.

    Raises:
        ConfigurationError: There is none for this DuckDB; the message says what to install.
    """
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        load_extensions(connection, names)


def _wheel(name: str) -> Path | None:
    found = importlib.util.find_spec(f"duckdb_extension_{name}")
    return Path(found.origin).parent / "extensions" if found and found.origin else None


def _missing(name: str, wheel: Path | None) -> ConfigurationError:
    import duckdb

    by_hand = f"INSTALL {_INSTALLED_AS.get(name, name)}"
    if wheel is None:
        install = (
            'pip install "pipefy-exports-dagster[scale]"'
            if name in _OF_THE_EXTRA
            else f"pip install duckdb-extension-{name.replace('_', '-')}"
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
