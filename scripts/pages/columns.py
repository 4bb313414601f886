"""The columns that our tables have besides the file's own."""

from pages.markdown import code, table

from pipefy_exports_dagster.tables.lineage import EXPORT_TABLE, HISTORY_TABLE


def columns_table() -> str:
    rows = [
        [
            code(name),
            column.type,
            "exports, histories" if name in EXPORT_TABLE.lineage else "histories",
            column.comment,
        ]
        for name, column in {**EXPORT_TABLE.lineage, **HISTORY_TABLE.lineage}.items()
    ]
    return table(("column", "type", "in the tables of", "meaning"), rows)
