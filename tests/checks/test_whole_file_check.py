"""A sheet that was left out is found by a check, in the partition that lacks it, until somebody says what is right."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import openpyxl
import pytest
from checks.scene import Scene
from click.testing import CliRunner
from support.project import JOBS, REPORT

from pipefy_exports_dagster.cli.main import main
from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.orchestration.checks.loads import Load, newest_loads
from pipefy_exports_dagster.orchestration.checks.whole_file import whole_file_loaded
from pipefy_exports_dagster.orchestration.metadata.column_changes import ColumnChanges
from pipefy_exports_dagster.orchestration.metadata.file_contents import StoredContents, contents_metadata
from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.reading.description import FileDescription, SheetRows

Rows = list[list[Any]]

HEADER: list[Any] = ["id", "created_at"]
CARDS: Rows = [HEADER, *([number, "2026-10-03"] for number in range(1, 6))]
MORE: Rows = [HEADER, *([number, "2026-10-04"] for number in range(6, 9))]
HEADLESS = MORE[1:]
COVER: Rows = [["Relatório"], ["de cards"]]


def workbook(path: Path, sheets: dict[str, Rows]) -> Path:
    """Write a workbook whose first sheet is active."""
    made = openpyxl.Workbook()
    assert made.active is not None
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def load_by_hand(scene: Scene, file: Path, *arguments: str, partition: str = "last_month") -> None:
    with scene.environment():
        command = ["load", str(file), "--asset", JOBS, "--partition", partition, "--json", *arguments]
        result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, (result.output, result.exception)


def reading(sheets: Any) -> dict[str, Any]:
    return {"automation_jobs": AutomationJobs(reading=ReadOptions(sheets=sheets))}


def replacing_the_file(scene: Scene, sheets: dict[str, Rows]) -> Callable[[str], None]:
    """Put a workbook in the place of the one that was downloaded: the sandbox writes one sheet."""

    def on_milestone(milestone: str) -> None:
        if milestone == Milestone.DOWNLOADED:
            [file] = scene.project.raw_files()
            workbook(file, sheets)

    return on_milestone


def test_a_sheet_that_was_left_out_fails_the_check_and_is_warned_of_in_the_run(scene: Scene) -> None:
    outcome = scene.project.materialize(
        JOBS,
        config=scene.config,
        clock=scene.clock,
        on_milestone=replacing_the_file(scene, {"Cards": CARDS, "Resto": HEADLESS}),
    )
    assert outcome.success, outcome.failure
    result = scene.result(Check.WHOLE_FILE_LOADED)
    assert not result.passed
    assert not result.is_warning
    said = "1 visible sheet with rows was not loaded: `Resto` (3 rows); loaded: `Cards` (5 rows)."
    assert result.text.startswith(f"last_month: {said}")
    assert 'reading: {sheets: ["Cards", "Resto"]}' in result.text
    assert result.metadata["pipefy/rows_left_out"] == 3
    assert result.metadata["pipefy/sheets_skipped"] == "Resto (3 rows)"
    assert any(f"(automation jobs, last_month): {said}" in message for message in outcome.messages)
    assert outcome.metadata["pipefy/left_out"] in result.text


def test_the_other_partition_and_the_other_asset_pass(scene: Scene, tmp_path: Path) -> None:
    assert scene.materialize(JOBS, REPORT, partition="current_month").success
    load_by_hand(scene, workbook(tmp_path / "a.xlsx", {"Cards": CARDS, "Resto": HEADLESS}))
    assert scene.execute_checks()
    assert not scene.result(Check.WHOLE_FILE_LOADED).passed
    assert scene.result(Check.WHOLE_FILE_LOADED, "current_month").passed
    assert scene.result(Check.WHOLE_FILE_LOADED, "current_month", REPORT).passed


@pytest.mark.parametrize(
    ("sheets", "left_out", "named"),
    [
        ({"Cards": CARDS, "Resto": HEADLESS}, "`Resto` (3 rows)", {"Cards": 5, "Resto": 3}),
        ({"Capa": COVER, "Cards": CARDS}, "`Cards` (6 rows)", {"Cards": 5}),
    ],
)
def test_once_the_sheets_are_named_the_same_file_loads_and_the_check_passes(
    scene: Scene, tmp_path: Path, sheets: dict[str, Rows], left_out: str, named: dict[str, int]
) -> None:
    file = workbook(tmp_path / "a.xlsx", sheets)
    load_by_hand(scene, file)
    assert scene.execute_checks()
    result = scene.result(Check.WHOLE_FILE_LOADED)
    assert not result.passed
    assert f"was not loaded: {left_out}" in result.text
    arguments = [word for name in named for word in ("--sheet", name)]
    load_by_hand(scene, file, *arguments)
    assert scene.project.tables()[JOBS, "last_month"] == sum(named.values())
    assert scene.execute_checks()
    result = scene.result(Check.WHOLE_FILE_LOADED)
    assert result.passed, result.text
    assert result.metadata["pipefy/sheets_named"] == ", ".join(named)


def test_what_the_yaml_names_is_what_a_run_loads(scene: Scene) -> None:
    outcome = scene.project.materialize(
        JOBS,
        config=replace(scene.config, **reading(("Cards", "Resto"))),
        clock=scene.clock,
        on_milestone=replacing_the_file(scene, {"Cards": CARDS, "Resto": HEADLESS}),
    )
    assert outcome.success, outcome.failure
    assert scene.project.tables()[JOBS, "last_month"] == 8
    result = scene.result(Check.WHOLE_FILE_LOADED)
    assert result.passed
    assert "loaded 8 rows, of `Cards (5 rows), Resto (3 rows)`" in result.text
    assert not any("not loaded" in message for message in outcome.messages)


def test_a_copy_of_the_table_beside_it_is_shown_with_its_rows(scene: Scene, tmp_path: Path) -> None:
    load_by_hand(scene, workbook(tmp_path / "a.xlsx", {"Cards": CARDS, "Cards (2)": MORE}))
    assert scene.execute_checks()
    result = scene.result(Check.WHOLE_FILE_LOADED)
    assert result.passed
    assert result.text == (
        "last_month: loaded 8 rows, of `Cards (5 rows), Cards (2) (3 rows)`; no other visible sheet has rows"
    )


def test_hidden_and_empty_sheets_are_listed_and_nothing_is_missed(scene: Scene, tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", {"Cards": CARDS, "Oculta": HEADLESS, "Vazia": []})
    made = openpyxl.load_workbook(file)
    made["Oculta"].sheet_state = "hidden"
    made.save(file)
    load_by_hand(scene, file)
    assert scene.execute_checks()
    result = scene.result(Check.WHOLE_FILE_LOADED)
    assert result.passed
    assert result.metadata["pipefy/sheets_skipped"] == "Oculta (hidden), Vazia (empty)"


def test_a_csv_is_there_whole_and_a_line_above_its_header_is_said(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("Relatório de cards\nid;created_at;c\n1;2026-10-03;x\n2;2026-10-04;y\n")
    load_by_hand(scene, file)
    assert scene.execute_checks()
    result = scene.result(Check.WHOLE_FILE_LOADED)
    assert result.passed
    assert result.text == (
        "last_month: loaded 2 rows, all that the file has; 1 line above the header left out: `Relatório de cards`"
    )


def test_a_materialization_of_an_earlier_release_without_skipped_sheets_passes(scene: Scene) -> None:
    assert scene.materialize().success
    new = ("pipefy/rows_left_out", "pipefy/sheets_loaded")
    for skipped, passes in (("", True), ("Resumo, Oculta", False)):
        report_again(scene, without=new, skipped=skipped)
        assert scene.execute_checks()
        result = scene.result(Check.WHOLE_FILE_LOADED)
        assert result.passed == passes
        assert passes or result.is_warning
        assert (
            passes or "not known. An earlier release loaded the file without `Resumo, Oculta`" in result.text
        )


def report_again(scene: Scene, *, without: tuple[str, ...], skipped: str) -> None:
    key = dg.AssetKey(JOBS)
    filter_ = dg.AssetRecordsFilter(key, asset_partitions=["last_month"])
    [record] = scene.instance.fetch_materializations(filter_, limit=1).records
    assert record.asset_materialization
    metadata: dict[str, Any] = {
        name: entry for name, entry in record.asset_materialization.metadata.items() if name not in without
    }
    if skipped:
        metadata["pipefy/sheets_skipped"] = skipped
    scene.instance.report_runless_asset_event(
        dg.AssetMaterialization(key, partition="last_month", metadata=metadata)
    )
    [newest, *_] = newest_loads(scene.instance, key, "last_month")
    assert newest.contents.rows_left_out is None


def load(file: FileDescription, sheets: Any = ()) -> Load:
    """A load whose metadata has been through an event."""
    metadata = contents_metadata(file, ReadOptions(sheets=sheets))
    stored = dg.AssetMaterialization("a", metadata=metadata).metadata
    loaded = sum(sheet.rows or 0 for sheet in file.sheets_loaded)
    return Load(loaded, "a1", "301", "a1.xlsx", "0" * 64, 7, ColumnChanges(), StoredContents.of(stored))


def with_sheets(*skipped: str, loaded: str = "Cards") -> FileDescription:
    return FileDescription(
        "xlsx",
        sheets_loaded=(SheetRows(loaded, 1_048_575),),
        sheets_skipped=tuple(SheetRows(name, 9) for name in skipped),
    )


def test_a_sheet_that_a_named_one_has_grown_into_fails_once() -> None:
    named, grown = load(with_sheets("Capa"), ["Cards"]), load(with_sheets("Capa", "Cards (2)"), ["Cards"])
    assert whole_file_loaded("last_month", [named]).passed
    assert whole_file_loaded("last_month", [named, load(with_sheets("Cards", loaded="Capa"))]).passed
    finding = whole_file_loaded("last_month", [grown, named])
    assert not finding.passed
    assert finding.severity is dg.AssetCheckSeverity.ERROR
    assert "It has 3 sheets with rows, where the file of the load before had 2" in finding.text
    assert "`Cards (2)` (9 rows)" in finding.text
    assert whole_file_loaded("last_month", [grown, grown]).passed


def test_a_name_of_a_sheet_is_nothing_but_text_in_the_check() -> None:
    hostile = "![x](http://127.0.0.1:9/x.png)"
    finding = whole_file_loaded("last_month", [load(with_sheets(hostile, loaded=f"{hostile}1"))])
    assert f"`{hostile}` (9 rows)" in finding.text
    passing = whole_file_loaded("last_month", [load(with_sheets(loaded=hostile))])
    assert f"`{hostile} (1,048,575 rows)`" in passing.text
