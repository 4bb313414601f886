"""The first rows of a file as a table in the UI."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

MAX_VALUE_LENGTH = 80


def preview_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.TableMetadataValue:
    """Return rows as a table: as many columns, from the left, as there are names."""
    # Numbered where they are cut, because cut headers may be alike.
    names = [
        name if len(name) <= MAX_VALUE_LENGTH else f"{name[:MAX_VALUE_LENGTH]}… {nth}"
        for nth, name in enumerate(names, 1)
    ]
    records = [
        dg.TableRecord({name: _shown(value) for name, value in zip(names, row, strict=False)}) for row in rows
    ]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name) for name in names]))


def _shown(value: Any) -> str | int | float | bool:
    if isinstance(value, bool | int | float):
        return value
    return cell_text("" if value is None else str(value))


def cell_text(text: str) -> str:
    """Cut a text to what a cell of a table shows."""
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"
