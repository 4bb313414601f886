"""With `show_values` false no value of a file is in Dagster's storage, nor in what a run prints."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.project import REPORT, REPORT_HISTORY, Project

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.sandbox import Sandbox

PERSONAL = ("titulo", "criado_por", "responsaveis", "cnpj_do_fornecedor", "finalizado_em", "valor_total_r")
"""Columns whose values would not be in a log by chance."""


def hiding(
    project: Project,
    *,
    column_types: Mapping[str, str] | None = None,
    time_column: str | None = None,
    show_values: bool = False,
) -> PipefyExportsConfig:
    [report] = [export for export in project.config.exports if isinstance(export, Report)]
    report = replace(report, time_column=time_column, reading=ReadOptions(dict(column_types or {})))
    return replace(project.config, reports=(report,), show_values=show_values)


def values_of_the_file(project: Project) -> set[str]:
    columns = ", ".join(f"CAST({name} AS VARCHAR)" for name in PERSONAL)
    rows = project.query(f"SELECT {columns} FROM {REPORT}")
    return {str(value) for row in rows for value in row if value is not None and len(str(value)) >= 8}


def everything_stored(project: Project) -> str:
    """All that Dagster has written: the databases' rows, and every other file."""
    texts = []
    for path in project.home.rglob("*"):
        if path.suffix == ".db":
            with closing(sqlite3.connect(path)) as connection:
                texts += list(connection.iterdump())
        elif path.is_file():
            texts.append(path.read_text(errors="replace"))
    return "\n".join(texts)


def found(values: set[str], text: str) -> set[str]:
    return {value for value in values if value in text or json.dumps(value)[1:-1] in text}


@pytest.fixture
def project(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> Project:
    project = Project.for_sandbox(tmp_path / "project", start_sandbox(jobs=20, cards=60).url)
    project.keeps_output = True
    return project


def test_the_search_finds_values_where_they_are_shown(project: Project) -> None:
    assert project.materialize(REPORT).success
    assert found(values_of_the_file(project), everything_stored(project))


def test_no_value_of_a_file_is_stored_or_printed(
    project: Project, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    loaded = project.materialize(REPORT, config=hiding(project))
    assert loaded.success
    assert "data:image/svg+xml" in loaded.metadata["pipefy/rows_per_day"]
    assert loaded.metadata["pipefy/preview"] == "not shown: `show_values` is false"
    built = project.build_history(REPORT_HISTORY, back=1, config=hiding(project))
    assert built.success
    assert built.metadata["pipefy/profile"].records

    misfit = project.materialize(REPORT, config=hiding(project, column_types={"titulo": "BIGINT"}))
    assert misfit.failure_class == "ValueDoesNotFitError"
    assert "column 'Título', data row 1" in misfit.failure
    unclear = project.build_history(REPORT_HISTORY, back=1, config=hiding(project, time_column="when"))
    assert "'finalizado_em' (TIMESTAMP, " in unclear.failure

    values = values_of_the_file(project)
    assert len(values) > 30
    said: list[Any] = [*loaded.messages, *built.messages, *misfit.messages, *unclear.messages]
    captured = capfd.readouterr()
    printed = "\n".join([captured.out, captured.err, caplog.text, *map(str, said)])
    assert found(values, everything_stored(project)) == set()
    assert found(values, printed) == set()
