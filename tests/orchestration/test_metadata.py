"""What a materialization says in the UI, and that it stays small."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.loading import ChangeKind, ColumnChange, LoadedColumn, LoadReport
from pipefy_exports_dagster.orchestration.exporting import ExportedFile, Timings
from pipefy_exports_dagster.orchestration.ledger import RequestedExport
from pipefy_exports_dagster.orchestration.metadata import (
    MAX_BYTES,
    materialization_metadata,
    preview_table,
    stored_size,
)
from pipefy_exports_dagster.pipefy.periods import Period, PeriodFilter
from pipefy_exports_dagster.pipefy.raw_files import RawFile, Sidecar

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONTH = date(2026, 11, 1)
REPORT = LoadReport(
    table="automation_jobs_export",
    rows=2,
    columns=(LoadedColumn("id", "BIGINT", "ID"), LoadedColumn("titulo", "VARCHAR", "Título")),
    changes=(),
    file_kind="xlsx",
    encoding=None,
    delimiter=None,
    sheets_loaded=("Sheet",),
    sheets_skipped=(),
    error_cells=0,
    broken_views=(),
    preview=((1, "um"), (2, None)),
    seconds_reading=0.5,
    seconds_waiting_for_lock=0.0,
    seconds_writing=0.1,
    seconds_copying=0.0,
    read_copy=None,
)


def metadata_of(loaded: LoadReport) -> dict[str, Any]:
    sidecar = Sidecar(
        organization_id="1",
        asset=loaded.table,
        period_filter="last_month",
        export_id="a1b2",
        request={"filter": "last_month"},
        requested_month=MONTH,
        requested_at=MOMENT,
        exported_at=MOMENT,
        downloaded_at=MOMENT,
        sha256="0" * 64,
        size_bytes=1234,
        fingerprint="f" * 32,
    )
    requested = RequestedExport("a1b2", "f" * 32, {}, MOMENT, MONTH, "input object")
    exported = ExportedFile(
        RawFile(Path("/data/a1b2.xlsx"), sidecar), requested, resumed=False, timings=Timings(1.5, 0.25)
    )
    window = Period(PeriodFilter.LAST_MONTH, MONTH).window
    return materialization_metadata(
        exported, loaded, database="pipefy_exports", window=window, exports_created=1, loading_s=0.75
    )


def test_dagster_finds_rows_table_and_columns_under_its_own_keys() -> None:
    metadata = metadata_of(REPORT)
    assert metadata["dagster/row_count"] == 2
    assert metadata["dagster/table_name"] == "pipefy_exports.main.automation_jobs_export"
    schema = metadata["dagster/column_schema"]
    assert [(column.name, column.type, column.description) for column in schema.columns] == [
        ("id", "BIGINT", "ID"),
        ("titulo", "VARCHAR", "Título"),
    ]


def test_people_find_the_export_the_window_the_file_the_seconds_and_a_preview() -> None:
    metadata = metadata_of(REPORT)
    assert metadata["pipefy/export_id"] == "a1b2"
    assert metadata["pipefy/window"] == "2026-10-01 to 2026-11-01 (exclusive)"
    assert metadata["pipefy/file_size_bytes"] == 1234
    assert (metadata["pipefy/waiting_s"], metadata["pipefy/downloading_s"], metadata["pipefy/loading_s"]) == (
        1.5,
        0.25,
        0.75,
    )
    assert [dict(record.data) for record in metadata["pipefy/preview"].records] == [
        {"id": 1, "titulo": "um"},
        {"id": 2, "titulo": ""},
    ]


@pytest.mark.parametrize("count", [200, 2000])
def test_a_wide_table_stays_small_and_keeps_the_row_count(count: int) -> None:
    columns = tuple(
        LoadedColumn(f"a_long_column_name_{number}", "VARCHAR", f"Um cabeçalho comprido {number}")
        for number in range(count)
    )
    rows = tuple(tuple("x" * 200 for _ in columns) for _ in range(10))
    changes = tuple(ColumnChange(ChangeKind.ADDED, column.name, new_type="VARCHAR") for column in columns)
    metadata = metadata_of(replace(REPORT, columns=columns, preview=rows, changes=changes))
    assert stored_size(metadata) <= MAX_BYTES < 16_000
    assert metadata["dagster/row_count"] == 2
    assert len(metadata["pipefy/preview"].records) == 10
    assert len(metadata["dagster/column_schema"].columns) >= 20
    assert metadata["pipefy/column_count"] == count


@given(
    st.lists(
        st.lists(
            st.one_of(st.none(), st.text(), st.integers(), st.booleans(), st.floats()), min_size=3, max_size=3
        ),
        max_size=10,
    )
)
def test_any_values_can_be_previewed(rows: list[list[Any]]) -> None:
    table = preview_table(["a", "b", "c"], rows)
    assert len(table.records) == len(rows)
    assert dg.serialize_value(dg.AssetMaterialization("x", metadata={"preview": table}))
