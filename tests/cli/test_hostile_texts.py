"""One corpus of texts that act, through all commands and all that Dagster's event log shows."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import openpyxl
import pytest
from cli.hostile_texts import (
    IN_XLSX,
    NAMES_OF_SHEETS,
    TEXTS,
    require_harmless_in_markdown,
    require_harmless_in_terminal,
    texts_of,
)
from cli.shell import Shell
from cli.terminal import Seen, seen_in_terminal
from support.project import JOBS, Project

from pipefy_exports_dagster.cli.main import COMMANDS
from pipefy_exports_dagster.sandbox import (
    ORGANIZATION_ID,
    PIPE_ID,
    PIPE_REPORT_ID,
    REPORT_ID,
    Sandbox,
    SandboxSettings,
)
from pipefy_exports_dagster.text.quoting import markdown_code, markdown_text, printable, shown_json

OWN_TEXT_ONLY = {"demo", "dev", "init", "instance", "sandbox"}
"""They show nothing of a file or server."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """An account whose names act, and two loads of files whose headers, values and names of sheets do."""
    with Sandbox(SandboxSettings(jobs=20, cards=10, processing_seconds=0)).running() as sandbox:
        for organization in sandbox.world.organizations.values():
            object.__setattr__(organization, "name", " ".join(TEXTS[:8]))
        for number, report in enumerate(sandbox.world.reports(ORGANIZATION_ID)):
            object.__setattr__(report, "name", TEXTS[number % len(TEXTS)])
        [pipe, *others] = sandbox.world.organizations[ORGANIZATION_ID].pipes
        for each in (pipe, *others):
            object.__setattr__(each, "name", " ".join(TEXTS[8:16]))
        for report in sandbox.world.pipe_reports(pipe):
            object.__setattr__(report, "name", " ".join(TEXTS[:8]))
        folder = tmp_path_factory.mktemp("hostile")
        shell = Shell(Project.for_sandbox(folder / "project", sandbox.url, checks=True))
        for path in files(shell.project.root):
            result = shell.run(
                "load", str(path), "--asset", JOBS, "--partition", "last_month", "--all-sheets"
            )
            assert result.exit_code == 0, result.output
            require_harmless_in_terminal(result.output)
        yield shell


def files(root: Path) -> list[Path]:
    """Write two workbooks that differ in the spelling of their headers, under names that act."""
    paths = []
    for number, headers in enumerate([[text.upper() for text in IN_XLSX], IN_XLSX]):
        workbook = openpyxl.Workbook()
        assert workbook.active
        workbook.active.append(["started_at", *headers])
        workbook.active.append(["2026-10-05 10:00:00", *IN_XLSX])
        for name in NAMES_OF_SHEETS:
            workbook.create_sheet(name).append([f"of another kind {number}"])
        paths.append(root / f"\x1b[2J\u202e{number}.xlsx")
        workbook.save(paths[-1])
    return paths


def commands(root: Path) -> list[tuple[str, ...]]:
    [workbook, *_] = sorted(root.glob("*.xlsx"))
    text_file = root / "a\x9b31m.csv"
    text_file.write_text("".join(f'"{text.replace(chr(34), "")}",1\n' for text in TEXTS))
    page = root / "\x1b]0;page.xml"
    page.write_bytes(b'<?xml version="1.0"?><Error><Code>A\xc2\x9b31m\xe2\x80\xae</Code></Error>')
    sql = f"FROM {JOBS}"
    return [
        ("organizations",), ("organizations", "--json"),
        ("reports",), ("reports", "--json"), ("reports", REPORT_ID), ("reports", REPORT_ID, "--json"),
        ("reports", "--yaml"), ("pipes",), ("pipes", "--json"), ("reports", "--pipe", PIPE_ID),
        ("reports", "--pipe", PIPE_ID, "--json"), ("reports", "--pipe", PIPE_ID, "--yaml"),
        ("reports", PIPE_REPORT_ID, "--pipe", PIPE_ID), ("reports", "\x1b[2J", "--pipe", PIPE_ID),
        ("reports", "--pipe", "\x1b[2J"), ("reports", "--refresh"),
        ("exports",), ("exports", "--json"),
        ("query", sql), ("query", sql, "--format", "csv"), ("query", sql, "--format", "json"),
        ("query", f"DESCRIBE {JOBS}"), ("query", "SELECT \x1b[2J"), ("query", sql, "--database", "\x9b.duckdb"),
        ("load", str(workbook), "--dry-run", "--table", "x", "--database", "own.duckdb"),
        ("load", str(workbook), "--dry-run", "--table", "x", "--database", "own.duckdb", "--json"),
        ("load", str(text_file), "--table", "y", "--database", "own.duckdb"),
        ("load", str(text_file), "--table", "y", "--database", "own.duckdb", "--json"),
        ("load", str(page), "--table", "z", "--database", "own.duckdb"),
        ("load", str(page), "--table", "z", "--database", "own.duckdb", "--json"),
        ("load", str(root / "\x1b[2J missing.csv"), "--table", "z", "--database", "own.duckdb"),
        ("load", str(workbook), "--sheet", "\x1b[2J", "--table", "z", "--database", "own.duckdb"),
        ("doctor",), ("doctor", "--json"),
        ("rebuild-history",), ("rebuild-history", "--json"),
        ("prune", "--dry-run", "--older-than", "1"), ("prune", "--dry-run", "--older-than", "1", "--json"),
        ("tables", "--copy-to"), ("notify",), ("notify", "--json"),
        ("prune", "--\x1b[2J"), ("\x1b[2J",), ("query", "x", "--format", "\u202e"),
    ]  # fmt: skip


def test_no_command_shows_what_a_terminal_obeys(hostile: Shell) -> None:
    asked = commands(hostile.project.root)
    assert {name for name, *_ in asked} | OWN_TEXT_ONLY >= set(COMMANDS)
    for arguments in asked:
        is_json = "--json" in arguments or arguments[-1] == "json"
        seen = told(hostile, *arguments) if is_json else seen_in_terminal(hostile, *arguments)
        for text in (seen.shown, seen.errors):
            require_harmless_in_terminal(text)
            assert "Traceback" not in text, arguments
        if is_json:
            assert seen.shown.startswith(("{", "[")), (arguments, seen)
            json.loads(seen.shown)


def told(shell: Shell, *arguments: str) -> Seen:
    """What a command prints as JSON: the same wherever it goes, so it needs no process of its own."""
    result = shell.run(*arguments)
    return Seen(result.exit_code, result.stdout, result.stderr)


def test_json_and_csv_hold_each_text_as_it_is(hostile: Shell) -> None:
    rows = json.loads(hostile.run("query", f"FROM {JOBS}", "--format", "json").stdout)
    assert set(IN_XLSX) <= set(texts_of(rows))
    table = csv.reader(
        io.StringIO(hostile.run("query", f"FROM {JOBS}", "--format", "csv").stdout, newline="")
    )
    assert set(IN_XLSX) <= {text for row in table for text in row}


def test_nothing_in_the_event_log_is_obeyed_by_a_page_or_a_terminal(hostile: Shell) -> None:
    outcome = hostile.project.materialize(JOBS, partition="current_month")
    assert outcome.success
    with hostile.project.instance() as instance:
        materializations = [
            record.asset_materialization
            for record in instance.fetch_materializations(dg.AssetKey(JOBS), limit=50).records
        ]
        [run, *_] = instance.get_runs(limit=1)
        events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event]
    evaluations = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    shown = len(evaluations)
    assert shown >= 5
    logged: list[Any] = [*filter(None, materializations), *evaluations]
    for made in logged:
        require_harmless_in_markdown(made.description or "")
        for value in made.metadata.values():
            if isinstance(value, dg.MarkdownMetadataValue):
                require_harmless_in_markdown(value.value)
                shown += 1
            if isinstance(value, dg.TableSchemaMetadataValue):
                for column in value.schema.columns:
                    require_harmless_in_markdown(column.description or "")
                    shown += 1
    assert shown > len(IN_XLSX)
    for message in outcome.messages:
        require_harmless_in_terminal(message)


@pytest.mark.parametrize("text", TEXTS)
def test_each_place_has_its_function(text: str) -> None:
    require_harmless_in_terminal(printable(text))
    require_harmless_in_markdown(f"before {markdown_code(text)} after")
    require_harmless_in_markdown(f"before {markdown_text(text)} after")
    require_harmless_in_terminal(shown_json({text: [text]}, indent=2))
    assert json.loads(shown_json({text: [text]})) == {text: [text]}


@pytest.mark.parametrize("header", ["Título", "created_at", "Data de início", "A/B, 50% - nº"])
def test_words_stay_words(header: str) -> None:
    assert markdown_text(header) == header


@pytest.mark.parametrize(
    "header", ["_a_", "*a*", "a _b_ c", "1. a", "# a", "> a", "a.b", "&lt;", "", "~a~", "a__b__c"]
)
def test_what_markdown_may_obey_is_code(header: str) -> None:
    assert markdown_text(header) == markdown_code(header)


def test_half_a_character_is_escaped_in_json() -> None:
    assert json.loads(shown_json("\ud800 \U0001f600 \U000e0041")) == "\ud800 \U0001f600 \U000e0041"
    require_harmless_in_terminal(shown_json("\ud800 \U000e0041"))
