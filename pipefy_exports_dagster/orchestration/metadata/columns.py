"""What a materialization says of the file's columns: profile, preview and schema, cut to the room there is.

The profile is worth more than the preview, and both more than the schema beyond its first columns, whose names and
types the profile has as well: a file of 200 columns shows some 20 of each.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.orchestration.metadata.fitting import MAX_BYTES, as_many_as_fit, stored_size
from pipefy_exports_dagster.orchestration.metadata.preview_table import preview_table
from pipefy_exports_dagster.orchestration.metadata.profile_table import profile_table
from pipefy_exports_dagster.reading.profile import ColumnProfile
from pipefy_exports_dagster.tables import LoadedColumn
from pipefy_exports_dagster.text.quoting import markdown_text

PROFILE = "pipefy/profile"
PREVIEW = "pipefy/preview"
COLUMN_SCHEMA = "dagster/column_schema"
VALUES_HIDDEN = "not shown: `show_values` is false"

PROFILE_BYTES = 6_500
"""What the profile may take; with all that is said of some 20 columns, a few columns of preview fit beside it."""
LEAST_PREVIEW_BYTES = 2_200
WIDE_PROFILE_BYTES, WIDE_PREVIEW_BYTES = 4_700, 2_000
"""Of a file with so many columns that preview and whole schema do not fit beside the profile."""
FEWER_ROWS = 3
"""In a preview whose columns do not all fit: more columns are worth more than more rows."""


def with_columns(
    small: Mapping[str, Any],
    columns: Sequence[LoadedColumn],
    *,
    rows: int,
    profile: Sequence[ColumnProfile] = (),
    preview: Sequence[Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """Return metadata with as much about the columns as fits beside `small`.

    Args:
        small: The rest of the metadata; the order of its keys is kept, and a key there keeps its place.
        columns: The file's columns as the table has them.
        rows: How many rows there are.
        profile: Of the first columns; none leaves it out.
        preview: The first rows; None leaves it out.
    """
    metadata = dict(small)
    if not columns:
        return metadata
    metadata |= _profile(profile, columns, rows=rows, max_bytes=PROFILE_BYTES)
    whole = metadata | {COLUMN_SCHEMA: _schema(columns)}
    room = MAX_BYTES - stored_size(whole)
    if room >= (LEAST_PREVIEW_BYTES if preview else 0):
        return whole | _preview(preview, columns, max_bytes=room)
    metadata |= _profile(profile, columns, rows=rows, max_bytes=WIDE_PROFILE_BYTES)
    metadata |= _preview(preview, columns, max_bytes=WIDE_PREVIEW_BYTES)
    room = MAX_BYTES - stored_size(metadata)
    schema = as_many_as_fit(lambda count: _schema(columns[:count]), len(columns), max_bytes=room, least=0)
    return metadata | {COLUMN_SCHEMA: schema}


def _profile(
    profile: Sequence[ColumnProfile], columns: Sequence[LoadedColumn], *, rows: int, max_bytes: int
) -> dict[str, Any]:
    if not profile:
        return {}
    table = as_many_as_fit(
        lambda count: profile_table(profile, columns, rows=rows, shown=count),
        len(profile),
        max_bytes=max_bytes,
    )
    return {PROFILE: table}


def _preview(
    preview: Sequence[Sequence[Any]] | None, columns: Sequence[LoadedColumn], *, max_bytes: int
) -> dict[str, Any]:
    if preview is None:
        return {}
    names = [column.name for column in columns]
    whole = preview_table(names, preview)
    if stored_size({PREVIEW: whole}) <= max_bytes:
        return {PREVIEW: whole}
    fewer = preview[:FEWER_ROWS]
    return {
        PREVIEW: as_many_as_fit(
            lambda count: preview_table(names[:count], fewer), len(names), max_bytes=max_bytes
        )
    }


def _schema(columns: Sequence[LoadedColumn]) -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(column.name, column.type, markdown_text(column.header)) for column in columns]
    )
