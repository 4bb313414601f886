"""The names that follow from an asset's name and its prefix: of the asset, its table, and what belongs to it.

An asset is written `acme/automation_jobs_export`, as Dagster's UI and command line write its key.
"""

import re
from collections.abc import Collection, Sequence

from pipefy_exports_dagster.errors import ConfigurationError

PART = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
NAME = re.compile(r"[A-Za-z0-9_]+")
MAIN = "main"
"""DuckDB's default schema: of the tables of assets without a prefix."""
DUCKDBS_OWN = (MAIN, "temp", "system", "pg_catalog", "information_schema")


def checked_prefix(prefix: str | Sequence[str]) -> tuple[str, ...]:
    """Return the parts of a key prefix.

    No capitals and no double underscore: DuckDB's names ignore case, and a schema or a job of a prefix of several
    parts has them joined by two underscores, so that no two prefixes meet in one name.

    Raises:
        ConfigurationError: It cannot be one.
    """
    parts = tuple(part for part in prefix.split("/") if part) if isinstance(prefix, str) else tuple(prefix)
    if not all(PART.fullmatch(part) for part in parts):
        raise ConfigurationError(
            f"`key_prefix` is {prefix!r}; use lower-case letters, digits and single underscores, such as 'acme', "
            "'crm/acme' or ['crm', 'acme']"
        )
    if parts and schema_of(parts) in DUCKDBS_OWN:
        raise ConfigurationError(f"`key_prefix` is {prefix!r}, a schema of DuckDB's own; use another")
    return parts


def check_name(name: str) -> None:
    """Check an export's name.

    Raises:
        ConfigurationError: It cannot be one.
    """
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"`name` is {name!r}; use letters, digits and underscores")


def check_names_differ(exports: Sequence[str], found: Collection[str] = ()) -> None:
    """Check the names of a configuration's exports; those in `found` are of reports that were found by themselves.

    Raises:
        ConfigurationError: Two would share a table.
    """
    taken: dict[str, str] = {}
    for export in exports:
        # DuckDB's names ignore case, and `x` and `x_export` have the same history.
        for name in {export.lower(), history_name(export).lower()}:
            if name in taken and found and {taken[name], export} & set(found):
                raise ConfigurationError(
                    f"`reports`: a report that was found is named {taken[name]!r}, and so is another export, "
                    f"{export!r}: give that another `name`, or leave the report out with `exclude`"
                )
            if name in taken:
                raise ConfigurationError(
                    f"`reports`: two exports are named {taken[name]!r} and {export!r}, and would share the table "
                    f"{name!r}; give each report a `name` of its own"
                )
            taken[name] = export


def history_name(export: str) -> str:
    """Name the history of an export: `_export` at the end becomes `_history`."""
    return f"{export.removesuffix('_export')}_history"


def asset_name(prefix: Sequence[str], name: str) -> str:
    """Write an asset: `acme/automation_jobs_export`."""
    return "/".join((*prefix, name))


def schema_of(prefix: Sequence[str]) -> str:
    """Name the schema of the tables of a prefix."""
    return "__".join(prefix) or MAIN


def schema_and_table(asset: str) -> tuple[str, str]:
    """Return where an asset's rows are: `acme.automation_jobs_export` for `acme/automation_jobs_export`."""
    *prefix, name = asset.split("/")
    return schema_of(prefix), name


def table_in_sql(schema: str, table: str) -> str:
    """Write a table as a query does: without the schema where that is the default."""
    return table if schema == MAIN else f"{schema}.{table}"


def prefixed(prefix: Sequence[str], name: str) -> str:
    """Name a job, schedule, sensor or resource of a prefix: `acme__pipefy_exports`, as Dagster names ops."""
    return "__".join((*prefix, name))
