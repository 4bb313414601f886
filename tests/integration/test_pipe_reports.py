"""A pipe's report, from the configuration to the table, its history and its limit."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner
from support.project import PIPE_REPORT as EXPORT
from support.project import PIPE_REPORT_HISTORY as HISTORY
from support.project import Project
from support.raw_places import files_of
from support.stores import over_all_stores

from pipefy_exports_dagster.cli.main import main as cli
from pipefy_exports_dagster.config.exports import PipeReport
from pipefy_exports_dagster.orchestration.daily_limits import DailyUse, together
from pipefy_exports_dagster.sandbox import PIPE_ID, PIPE_REPORT_ID, Sandbox


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(jobs=20, cards=200)


@pytest.fixture
def project(project: Project) -> Project:
    project.environment |= {"PIPEFY_PIPE_ID": PIPE_ID, "PIPEFY_PIPE_REPORT_ID": PIPE_REPORT_ID}
    return project


@over_all_stores
def test_it_is_loaded_and_resumed_and_its_months_are_built(project: Project, sandbox: Sandbox) -> None:
    loaded = project.materialize(EXPORT)
    assert loaded.success, loaded.failure
    assert loaded.metadata["pipefy/report"] == "Todos os cards"
    assert loaded.metadata["pipefy/requested_by"]
    [raw] = files_of(project, EXPORT)
    pipe = sandbox.world.pipe(id_=PIPE_ID)[1]
    own = {field.name for field in pipe.fields}
    assert own | {"created_at", "title"} <= set(raw.sidecar.request["columns"])
    pipes = project.query(f"SELECT DISTINCT pipe FROM {EXPORT}")
    assert pipes == [(pipe.name,)]
    built = project.build_history(HISTORY, back=1)
    assert built.success, built.failure
    assert project.query(f"SELECT count(*) FROM {HISTORY}") == project.query(f"SELECT count(*) FROM {EXPORT}")
    [row] = project.query(f"SELECT count(*) FROM {EXPORT}")
    assert row[0] > 0


def test_a_setting_that_is_missing_is_named(project: Project) -> None:
    project.environment["PIPEFY_PIPE_REPORT_ID"] = ""
    missing = project.materialize(EXPORT)
    assert missing.failure_class == "ConfigurationError"
    assert "PIPEFY_PIPE_REPORT_ID" in missing.failure
    assert "reports --pipe ID" in missing.failure


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (PipeReport(pipe_id=1, pipe_report_id=int(PIPE_REPORT_ID)), "does not know the pipe 1"),
        (PipeReport(pipe_id=int(PIPE_ID), pipe_report_id=1), "does not know the saved report 1"),
        (PipeReport(pipe_id=int(PIPE_ID), pipe_report_id=int(PIPE_REPORT_ID) + 1), "does not know the saved"),
    ],
)
def test_what_pipefy_does_not_know_costs_no_export(
    project: Project, sandbox: Sandbox, report: PipeReport, said: str
) -> None:
    refused = project.materialize(EXPORT, config=replace(project.config, pipe_reports=(report,)))
    assert said in refused.failure
    assert sandbox.stats.exports.total() == 0


def test_the_days_exports_are_counted_and_the_limit_is_told(
    project: Project, start_sandbox: Callable[..., Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = start_sandbox(jobs=20, cards=40, pipe_exports_per_day=2)
    project.environment["PIPEFY_BASE_URL"] = few.url
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.root)
    assert project.materialize(EXPORT).success
    assert project.materialize(EXPORT, partition="current_month").success
    refused = project.materialize(EXPORT, partition="last_3_months")
    assert "has reached its limit of 2 exports in 24 hours" in refused.failure
    said = CliRunner().invoke(cli, ["exports"])
    line = f"pipe {PIPE_ID}: 2 of 25 exports were asked for in the last 24 hours"
    assert f"{line}.\n" in said.stderr
    listed = json.loads(CliRunner().invoke(cli, ["exports", "--json"]).stdout)
    assert listed["daily_limits"] == [{"of": "pipe", "id": PIPE_ID, "asked": 2, "limit": 25}]
    doctor = CliRunner().invoke(cli, ["doctor"])
    assert line in doctor.stdout


def test_pipes_and_their_reports_are_listed(
    project: Project, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.root)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, list(arguments))
        assert result.exit_code == 0, result.output
        return result.stdout

    listed = json.loads(run("pipes", "--json"))["pipes"]
    pipes = sandbox.world.pipe(id_=PIPE_ID)[0].pipes
    assert [(one["id"], one["name"]) for one in listed] == [(pipe.id, pipe.name) for pipe in pipes]
    assert listed[0]["assets"] == [EXPORT]
    assert pipes[0].name in run("pipes")
    reports = json.loads(run("reports", "--pipe", PIPE_ID, "--json"))["reports"]
    assert [one["id"] for one in reports] == [report.id for report in sandbox.world.pipe_reports(pipes[0])]
    assert reports[0]["assets"] == [EXPORT]
    one = json.loads(run("reports", PIPE_REPORT_ID, "--pipe", PIPE_ID, "--json"))
    assert one["pipes"] == {PIPE_ID: pipes[0].name}
    assert "Todos os cards" in run("reports", "--pipe", PIPE_ID)
    for wrong in (["reports", "--pipe", "1"], ["reports", "1", "--pipe", PIPE_ID]):
        refused = CliRunner().invoke(cli, wrong)
        assert refused.exit_code == 1
        assert "lists those that there are" in refused.stderr


def test_one_pipes_exports_of_several_configurations_are_added_up() -> None:
    uses = [DailyUse("pipe", "1", 2, 25), DailyUse("pipe", "2", 1, 25), DailyUse("pipe", "1", 23, 25)]
    assert [(use.id, use.asked, use.is_reached) for use in together(uses)] == [
        ("1", 25, True),
        ("2", 1, False),
    ]
