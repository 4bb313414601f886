"""An installation that an earlier release left behind is taken over: nothing is built, asked for or loaded again.

`tests/data/earlier_release/make.py` made it with that release's own processes: exports of both kinds, months that its
sensor built, one pending export, schedules and sensors switched on under their former names, sidecars
without a version.
"""

import contextlib
import dataclasses
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from support.project import DEFINITIONS, JOBS, JOBS_HISTORY, REPORT, Project
from support.shared_clock import SharedClock

from pipefy_exports_dagster.cli.main import main
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.definition_names import FORMER_NAMES
from pipefy_exports_dagster.orchestration.events import newest_materialization
from pipefy_exports_dagster.orchestration.pending.pending_exports import find_pending
from pipefy_exports_dagster.orchestration.resources import resources_of
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.raw_files.archive import archived_files
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, Sandbox
from pipefy_exports_dagster.sandbox.exports import SandboxExportKind
from pipefy_exports_dagster.tables import held_months

LEFT = Path(__file__).parents[1] / "data" / "earlier_release"
MADE = json.loads((LEFT / "state.json").read_text())
MADE_AT = datetime.fromtimestamp(MADE["made_at"], UTC)
EXPORTED = {(JOBS, "last_month"), (REPORT, "last_month")}


@dataclasses.dataclass
class Left:
    """What was left behind, under the present release, a minute later."""

    project: Project
    sandbox: Sandbox
    clock: SharedClock

    @property
    def definitions(self) -> dg.Definitions:
        return build_pipefy_exports(self.project.config, clock=self.clock)

    def tick(self, name: str, instance: dg.DagsterInstance) -> Any:
        """Evaluate a sensor as the daemon does the first time: without a cursor."""
        sensor = self.definitions.get_repository_def().get_sensor_def(name)
        with dg.build_sensor_context(
            instance=instance, definitions=self.definitions, resources=resources_of(self.project.config)
        ) as context:
            return sensor.evaluate_tick(context)

    def command(self, *arguments: str) -> dict[str, Any]:
        result = CliRunner().invoke(main, [*arguments, "--json"], env=self.project.environment)
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found


@pytest.fixture
def left(tmp_path: Path, start_sandbox: Callable[..., Sandbox], monkeypatch: pytest.MonkeyPatch) -> Left:
    sandbox = start_sandbox(jobs=400, cards=60, processing_seconds=0.0, file_format="csv")
    sandbox.clock.set(MADE_AT + timedelta(minutes=1))
    project = Project.for_sandbox(tmp_path, sandbox.url)
    dagster_yaml = (project.home / "dagster.yaml").readlink()
    shutil.rmtree(project.data_dir)
    with zipfile.ZipFile(LEFT / "state.zip") as state:
        state.extractall(tmp_path)
    (project.home / "dagster.yaml").symlink_to(dagster_yaml)
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    _ask_this_sandbox(project)
    return Left(project, sandbox, SharedClock(sandbox))


def _ask_this_sandbox(project: Project) -> None:
    """Let the event log name this sandbox's address where it named that of the sandbox that is gone."""
    config = project.config
    month = month_of(MADE_AT, config.zone)
    replaced = {}
    for export in configured_exports(config):
        for period_filter in PeriodFilter:
            kind = export.kind()
            request = kind.request(Period(period_filter, month))
            before, now = (
                fingerprint_of(url, kind.label, request)
                for url in (MADE["base_url"], config.connection.base_url)
            )
            replaced[before] = now
    for path in project.home.joinpath("history", "runs").glob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            for before, now in replaced.items():
                database.execute("UPDATE event_logs SET event = replace(event, ?, ?)", (before, now))
            database.commit()


def test_the_newest_loads_and_their_rows_are_found(left: Left) -> None:
    for asset, partition in EXPORTED:
        with left.project.instance() as instance:
            loaded = newest_materialization(instance, dg.AssetKey(asset), partition)
        assert loaded is not None
        assert loaded.rows == left.project.tables()[asset, partition] > 0
        assert loaded.exported_at is not None
        assert loaded.requested_month == date(MADE_AT.year, MADE_AT.month, 1)


def test_files_are_listed_although_their_sidecars_have_no_version(left: Left) -> None:
    for asset in (JOBS, REPORT):
        [raw] = archived_files(left.project.data_dir, ORGANIZATION_ID, asset)
        assert "version" not in json.loads(raw.path.with_name(f"{raw.path.name}.json").read_text())
        assert raw.sidecar.asset == asset
    assert left.command("prune", "--older-than", "1", "--dry-run")["deleted"] == []


def test_the_history_sensor_takes_its_cursor_over(left: Left) -> None:
    with left.project.instance() as instance:
        ticked = left.tick("pipefy_history_sensor", instance)
    assert ticked.run_requests == []
    assert set(json.loads(ticked.cursor)) == {JOBS, REPORT}


def test_without_the_former_cursor_months_would_be_built_again(left: Left) -> None:
    """So that the test above cannot pass for another reason."""
    schedules = left.project.home / "schedules" / "schedules.db"
    with contextlib.closing(sqlite3.connect(schedules)) as database:
        database.execute("DELETE FROM instigators")
        database.commit()
    with left.project.instance() as instance:
        assert len(left.tick("pipefy_history_sensor", instance).run_requests) == len(EXPORTED)


def test_months_stay_as_they_were_built(left: Left) -> None:
    held = held_months(left.project.database, JOBS_HISTORY, ORGANIZATION_ID)
    assert held
    [jobs, _] = left.command("rebuild-history")["histories"]
    assert {month["export_id"] for month in jobs["months"]} == {month.export_id for month in held.values()}
    assert held_months(left.project.database, JOBS_HISTORY, ORGANIZATION_ID) == held


def test_the_pending_export_is_loaded_and_no_other_is_asked_for(left: Left) -> None:
    with left.project.instance() as instance:
        [pending] = find_pending(instance, configured_exports(left.project.config))
        assert pending.period_filter is PeriodFilter.CURRENT_MONTH
        _let_pipefy_have(left.sandbox, pending.id)
        known = left.sandbox.stats.exports.total()
        [request] = left.tick("pipefy_pending_exports_sensor", instance).run_requests
        result = left.definitions.resolve_job_def("pipefy_exports").execute_in_process(
            instance=instance,
            partition_key=request.partition_key,
            asset_selection=list(request.asset_selection),
            run_config=dict(request.run_config),
            tags=dict(request.tags),
        )
        assert result.success
        assert find_pending(instance, configured_exports(left.project.config)) == []
        loaded = newest_materialization(instance, dg.AssetKey(JOBS), "current_month")
    assert loaded
    assert loaded.export_id == pending.id
    assert left.sandbox.stats.exports.total() == known
    assert left.project.tables()[JOBS, "current_month"] == loaded.rows


def test_the_monthly_schedule_asks_for_nothing_again(left: Left) -> None:
    repository = left.definitions.get_repository_def()
    with (
        left.project.instance() as instance,
        dg.build_schedule_context(
            instance=instance, scheduled_execution_time=left.clock.now(), repository_def=repository
        ) as context,
    ):
        ticked = repository.get_schedule_def("pipefy_last_month_schedule").evaluate_tick(context)
    assert ticked.run_requests == []
    assert "are loaded already" in (ticked.skip_message or "")


def test_doctor_names_what_is_switched_on_under_a_former_name(left: Left) -> None:
    left.sandbox.clock.set(datetime.now(UTC))  # it looks at the clocks as well
    found = [one for one in left.command("doctor")["findings"] if one["check"] == "automation"]
    switched_on = {"history_sensor", "pending_exports_sensor", "last_month_exports", "month_end_history"}
    present = {former: name for name, former in FORMER_NAMES.items()}
    assert {one["state"] for one in found} == {"warn"}
    assert {one["message"].split(" ", 1)[0] for one in found} == switched_on
    for one in found:
        assert (
            f"`dagster {_kind(one)} start {present[one['message'].split(' ', 1)[0]]} -m {DEFINITIONS}`"
            in one["message"]
        )


def _kind(finding: dict[str, str]) -> str:
    return "sensor" if "_sensor " in finding["message"] else "schedule"


def _let_pipefy_have(sandbox: Sandbox, export_id: str) -> None:
    """Let the sandbox know the export that the sandbox of the earlier release made."""
    exports = sandbox.exports
    organization = sandbox.world.organizations[ORGANIZATION_ID]
    made = exports.create_automation_jobs(organization, "current_month", None)  # type: ignore[arg-type]
    exports._exports[SandboxExportKind.AUTOMATION_JOBS, export_id] = dataclasses.replace(made, id=export_id)
