"""Which exports a table holds."""

from pathlib import Path

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.text.sql import identifier, literal

from .store import TableStore
from .stores import store_at
from .table_state import table_state


def held_exports(
    database: Path | TableStore,
    table: str,
    organization_id: str,
    *,
    schema: str = MAIN,
    lock_timeout_s: float = 300.0,
) -> frozenset[str]:
    """Return the ids of the exports that an organization's slices of a table were loaded from.

    Raises:
        DatabaseLockedError: Another process held the database until the deadline.
        StorageError: The database cannot be read.
        LoadFailedError: The table is a view, or was not created by this package.
    """
    store = store_at(database)
    if not store.exists():
        return frozenset()
    with store.open_to_read(schema=schema, lock_timeout_s=lock_timeout_s) as connection:
        if not table_state(connection, table).exists:
            return frozenset()
        rows = connection.execute(
            f"SELECT DISTINCT _export_id FROM {identifier(table)} "
            f"WHERE _organization_id = {literal(organization_id)}"
        ).fetchall()
    return frozenset(export_id for (export_id,) in rows)
