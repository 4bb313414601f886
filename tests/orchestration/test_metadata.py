"""What a materialization says in the UI, and that it stays small."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.history.file_summary import FileSummary, RowsOverTime
from pipefy_exports_dagster.history.time_column import DateColumn, TimeColumn
from pipefy_exports_dagster.orchestration.events import RequestedExport
from pipefy_exports_dagster.orchestration.exporting import ExportedFile, Timings
from pipefy_exports_dagster.orchestration.metadata.fitting import MAX_BYTES, stored_size
from pipefy_exports_dagster.orchestration.metadata.materialization import materialization_metadata
from pipefy_exports_dagster.orchestration.metadata.preview_table import preview_table
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.raw_files.folder import FolderFile
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.reading.daily_rows import DailyRows
from pipefy_exports_dagster.reading.description import FileDescription, SheetRows
from pipefy_exports_dagster.reading.profile import LONGEST_VALUE, MAX_COLUMNS, ColumnProfile
from pipefy_exports_dagster.tables import ChangeKind, ColumnChange, LoadedColumn, LoadReport

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONTH = date(2026, 11, 1)
REPORT = LoadReport(
    table="automation_jobs_export",
    rows=2,
    columns=(LoadedColumn("id", "BIGINT", "ID"), LoadedColumn("titulo", "VARCHAR", "Título")),
    changes=(),
    file=FileDescription("xlsx", sheets_loaded=(SheetRows("Sheet", 2),)),
    broken_views=(),
    preview=((1, "um"), (2, None)),
    seconds_reading=0.5,
    seconds_waiting_for_lock=0.0,
    seconds_writing=0.1,
    seconds_copying=0.0,
    read_copy=None,
)

LAST_3_MONTHS = Period(PeriodFilter.LAST_3_MONTHS, MONTH).window
LOOK = FileSummary(
    (ColumnProfile("id", "BIGINT", 2, 2, "1", "2"), ColumnProfile("titulo", "VARCHAR", 1, 1, "um", "um")),
    RowsOverTime(
        TimeColumn(DateColumn(0, "criado_em", "Criado em", "TIMESTAMP", 2, 2, "", ""), "configured"),
        LAST_3_MONTHS,
        DailyRows(
            {LAST_3_MONTHS.first + timedelta(days=nth): 1 + nth * 7919 % 1000 for nth in range(92)}, 3, 1
        ),
    ),
)


def metadata_of(
    loaded: LoadReport,
    summary: FileSummary | None = None,
    *,
    show_values: bool = True,
    reading: ReadOptions | None = None,
    **of_the_answer: Any,
) -> dict[str, Any]:
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
        **of_the_answer,
    )
    requested = RequestedExport("a1b2", "f" * 32, {}, MOMENT, MONTH, "input object")
    exported = ExportedFile(
        FolderFile(Path("/data/a1b2.xlsx"), sidecar), requested, resumed=False, timings=Timings(1.5, 0.25)
    )
    window = Period(PeriodFilter.LAST_MONTH, MONTH).window
    return materialization_metadata(
        exported,
        loaded,
        database="pipefy_exports",
        window=window,
        exports_created=1,
        loading_s=0.75,
        reading=reading or ReadOptions(show_values=show_values),
        summary=summary,
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


def test_a_file_that_was_kept_with_a_persons_name_is_loaded_without_it_where_values_are_hidden() -> None:
    answered: dict[str, Any] = {"report": "Todos os cards", "requested_by": "Ana Souza"}
    assert metadata_of(REPORT, **answered)["pipefy/requested_by"] == "Ana Souza"
    hidden = metadata_of(REPORT, show_values=False, **answered)
    assert "Ana Souza" not in str(hidden)
    assert hidden["pipefy/report"] == "Todos os cards"


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


def test_sheets_are_shown_with_their_rows_and_those_left_out_are_counted() -> None:
    file = FileDescription(
        "xlsx",
        sheets_loaded=(SheetRows("Cards", 1234), SheetRows("Cards (2)", 10)),
        sheets_skipped=(SheetRows("Oculta", 7, hidden=True), SheetRows("Vazia", 0), SheetRows("Resumo", 12)),
        formula_cells=5,
        formulas_without_value=2,
        dropped_blank_rows=3,
    )
    metadata = metadata_of(replace(REPORT, file=file))
    assert metadata["pipefy/sheets_loaded"] == "Cards (1,234 rows), Cards (2) (10 rows)"
    assert metadata["pipefy/sheets_skipped"] == "Resumo (12 rows), Oculta (7 rows, hidden), Vazia (empty)"
    assert metadata["pipefy/rows_left_out"] == 12
    assert "`Resumo` (12 rows)" in metadata["pipefy/left_out"]
    assert metadata["pipefy/formula_cells"] == 5
    assert metadata["pipefy/formulas_without_value"] == 2
    assert metadata["pipefy/dropped_blank_rows"] == 3
    named = metadata_of(replace(REPORT, file=file), reading=ReadOptions(sheets=("Cards", "Cards (2)")))
    assert named["pipefy/sheets_named"] == "Cards, Cards (2)"
    assert named["pipefy/sheets_with_rows"] == 3


def test_lines_above_the_header_are_quoted_only_where_values_are_shown() -> None:
    loaded = replace(REPORT, file=FileDescription("csv", title_lines=("Relatório de Maria", "2026")))
    said = metadata_of(loaded)["pipefy/title_lines"]
    assert said == "2 lines above the header left out: `Relatório de Maria`, `2026`"
    hidden = metadata_of(loaded, show_values=False)
    assert hidden["pipefy/title_lines"] == "2 lines above the header left out"
    assert "Maria" not in str(hidden)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param("S" * 31, 2000, id="plain"),
        pytest.param("\U0001f600" * 31, 2000, id="twelve bytes a letter"),
        pytest.param("\x1b" * 1000, 2000, id="nothing that prints"),
        pytest.param("x" * 1_000_000, 1, id="a megabyte"),
    ],
)
def test_sheets_of_any_name_and_number_leave_room_for_the_columns(name: str, count: int) -> None:
    sheets = tuple(SheetRows(f"{nth}{name}", 1_048_575) for nth in range(count))
    columns = tuple(LoadedColumn(f"column_{nth}", "VARCHAR", f"Coluna {nth}") for nth in range(200))
    profile = tuple(
        ColumnProfile(column.name, "VARCHAR", 100_000, 10_000, "é" * LONGEST_VALUE, "ü" * LONGEST_VALUE)
        for column in columns[:MAX_COLUMNS]
    )
    loaded = replace(
        REPORT,
        columns=columns,
        preview=tuple(("x" * 200,) * 200 for _ in range(10)),
        changes=tuple(ColumnChange(ChangeKind.ADDED, column.name, new_type="VARCHAR") for column in columns),
        file=FileDescription("xlsx", sheets_loaded=sheets, sheets_skipped=sheets),
    )
    metadata = metadata_of(loaded, replace(LOOK, profile=profile))
    assert stored_size(metadata) <= MAX_BYTES
    assert len(metadata["pipefy/profile"].records) >= 5
    assert metadata["pipefy/rows_left_out"] == count * 1_048_575
    if count > 1:
        for key in ("pipefy/sheets_loaded", "pipefy/sheets_skipped"):
            assert metadata[key].endswith(" more")
        assert f"and {count - 4:,} more" in metadata["pipefy/left_out"]


@pytest.mark.parametrize("count", [200, 2000])
def test_a_wide_table_stays_small_and_keeps_the_row_count(count: int) -> None:
    columns = tuple(
        LoadedColumn(f"a_long_column_name_{number}", "VARCHAR", f"Um cabeçalho comprido {number}")
        for number in range(count)
    )
    rows = tuple(tuple("x" * 200 for _ in columns) for _ in range(10))
    changes = tuple(ColumnChange(ChangeKind.ADDED, column.name, new_type="VARCHAR") for column in columns)
    profile = tuple(
        ColumnProfile(column.name, "VARCHAR", 100_000, 10_000, "é" * LONGEST_VALUE, "ü" * LONGEST_VALUE)
        for column in columns[:MAX_COLUMNS]
    )
    metadata = metadata_of(
        replace(REPORT, columns=columns, preview=rows, changes=changes), replace(LOOK, profile=profile)
    )
    assert stored_size(metadata) <= MAX_BYTES < 16_000
    assert metadata["dagster/row_count"] == 2
    assert len(metadata["pipefy/preview"].records) == 3
    assert len(metadata["dagster/column_schema"].columns) >= 10
    assert metadata["pipefy/column_count"] == count
    shown = [record.data["column"] for record in metadata["pipefy/profile"].records]
    assert shown[:-1] == [column.name for column in columns[: len(shown) - 1]]
    assert len(shown) >= 5
    assert shown[-1] == f"{count - len(shown) + 1} more columns: no room for them here"
    assert "data:image/svg+xml" in metadata["pipefy/rows_per_day"].value


def test_a_profile_has_a_line_for_each_column_with_the_table_s_name_and_type() -> None:
    loaded = replace(
        REPORT, columns=(LoadedColumn("id", "DOUBLE", "ID"), LoadedColumn("titulo_2", "VARCHAR", "Título"))
    )
    table = metadata_of(loaded, LOOK)["pipefy/profile"]
    assert [dict(record.data) for record in table.records] == [
        {"column": "id", "type": "DOUBLE", "filled": 2, "distinct": 2, "smallest": "1", "largest": "2"},
        {
            "column": "titulo_2",
            "type": "VARCHAR",
            "filled": 1,
            "distinct": 1,
            "smallest": "um",
            "largest": "um",
        },
    ]
    assert [column.name for column in table.schema.columns] == list(table.records[0].data)
    long = metadata_of(replace(loaded, rows=10_001), LOOK)["pipefy/profile"]
    assert "distinct in 10,000 rows" in long.records[0].data


def test_the_ui_shows_the_picture_in_place_and_says_by_which_column() -> None:
    metadata = metadata_of(REPORT, LOOK)
    assert metadata["pipefy/rows_per_day"].value.startswith("![rows per day](<data:image/svg+xml,")
    assert len(metadata["pipefy/rows_per_day"].value) < 1000
    assert metadata["pipefy/time_column"] == "criado_em"
    unclear = metadata_of(REPORT, replace(LOOK, over_time="has no rows"))
    assert unclear["pipefy/rows_per_day"] == "no picture: the file has no rows"
    assert "pipefy/time_column" not in unclear


def test_what_dagster_plots_over_time_is_numbers() -> None:
    metadata = metadata_of(REPORT, LOOK)
    for name in (
        "dagster/row_count",
        "pipefy/file_size_bytes",
        "pipefy/waiting_s",
        "pipefy/downloading_s",
        "pipefy/loading_s",
        "pipefy/database_locked_s",
        "pipefy/column_count",
        "pipefy/error_cells",
        "pipefy/rows_left_out",
        "pipefy/exports_created",
    ):
        value = dg.AssetMaterialization("a", metadata=metadata).metadata[name]
        assert isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue), name


def test_hidden_values_are_neither_in_the_preview_nor_in_the_profile() -> None:
    hidden = tuple(replace(column, smallest=None, largest=None) for column in LOOK.profile)
    metadata = metadata_of(REPORT, replace(LOOK, profile=hidden), show_values=False)
    assert metadata["pipefy/preview"] == "not shown: `show_values` is false"
    assert [list(record.data) for record in metadata["pipefy/profile"].records] == [
        ["column", "type", "filled", "distinct"]
    ] * 2
    assert [column.name for column in metadata["pipefy/profile"].schema.columns] == [
        "column",
        "type",
        "filled",
        "distinct",
    ]


def test_what_was_changed_left_out_or_broken_is_said() -> None:
    quiet = metadata_of(REPORT)
    said_where_there_is_something = {
        "pipefy/changes",
        "pipefy/sheets_skipped",
        "pipefy/sheets_named",
        "pipefy/left_out",
        "pipefy/title_lines",
        "pipefy/formula_cells",
        "pipefy/formulas_without_value",
        "pipefy/dropped_blank_rows",
        "pipefy/sheets_with_rows",
        "pipefy/broken_views",
    }
    assert not said_where_there_is_something & set(quiet)
    assert quiet["pipefy/error_cells"] == 0
    metadata = metadata_of(
        replace(
            REPORT,
            changes=(
                ColumnChange(ChangeKind.ADDED, "valor", new_type="DOUBLE"),
                ColumnChange(ChangeKind.WIDENED, "id", "BIGINT", "VARCHAR"),
                ColumnChange(ChangeKind.MISSING, "antigo", "DATE"),
            ),
            file=FileDescription(
                "xlsx",
                sheets_skipped=(SheetRows("Resumo", 3), SheetRows("Oculta", None, hidden=True)),
                error_cells=3,
            ),
            broken_views=("por_mes",),
            read_copy_problem="no space",
        )
    )
    assert metadata["pipefy/changes"].value == (
        "- column 'valor' added as DOUBLE\n- column 'id' widened from BIGINT to VARCHAR\n"
        "- column 'antigo' is not in the file; its rows are NULL"
    )
    assert metadata["pipefy/sheets_skipped"] == "Resumo (3 rows), Oculta (hidden)"
    assert metadata["pipefy/broken_views"] == "por_mes"
    assert metadata["pipefy/error_cells"] == 3
    assert metadata["pipefy/read_copy_problem"] == "no space"


def test_a_header_of_a_megabyte_stays_small() -> None:
    columns = tuple(LoadedColumn("h" * 1_000_000 + str(nth), "BIGINT", "H" * 1_000_000) for nth in range(2))
    changes = tuple(ColumnChange(ChangeKind.ADDED, column.name, new_type="BIGINT") for column in columns)
    metadata = metadata_of(replace(REPORT, columns=columns, changes=changes))
    assert stored_size(metadata) <= MAX_BYTES
    assert [list(record.data.values()) for record in metadata["pipefy/preview"].records] == [
        [1, "um"],
        [2, ""],
    ]


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
