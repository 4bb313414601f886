from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.text.sql import literal

from .staged import StagedColumn

if TYPE_CHECKING:
    import duckdb

PREVIEW_ROWS = 10
_LONGEST_TEXT = 100


def preview_rows(
    connection: "duckdb.DuckDBPyConnection", staged: Path, columns: Sequence[StagedColumn]
) -> tuple[tuple[Any, ...], ...]:
    """Read the first rows of a staged file, as JSON values."""
    expressions = []
    for position, column in enumerate(columns):
        if column.type in ("BIGINT", "DOUBLE", "BOOLEAN"):
            expressions.append(f"c{position}")
        elif column.type == "INTERVAL":
            expressions.append(f"CAST(to_microseconds(c{position}) AS VARCHAR)")
        else:
            expressions.append(f"CAST(c{position} AS VARCHAR)")
    rows = connection.execute(
        f"SELECT {', '.join(expressions)} FROM read_parquet({literal(str(staged))}) LIMIT {PREVIEW_ROWS}"
    ).fetchall()
    return tuple(tuple(_json_value(value) for value in row) for row in rows)


def _json_value(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "…"
    return value
