"""Everything that Dagster shows: assets, checks, jobs, schedules, sensors."""

import dagster as dg
from pages.markdown import code, table

from pipefy_exports_dagster.config.exports import AutomationJobs, PipeReport, Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports


def repository() -> dg.RepositoryDefinition:
    """Return a code location with all that a configuration can bring about."""
    config = PipefyExportsConfig(
        organization_id="1",
        automation_jobs=AutomationJobs(key=("id",)),
        reports=[Report(key=("id",))],
        pipe_reports=[PipeReport(key=("id",))],
        notify="PIPEFY_EXPORTS_NOTIFY",
    )
    return build_pipefy_exports(config, notify=lambda _failure: None).get_repository_def()


def assets_table() -> str:
    rows = []
    for key, definition in sorted(repository().assets_defs_by_key.items()):
        spec = definition.get_asset_spec(key)
        months = isinstance(spec.partitions_def, dg.MonthlyPartitionsDefinition)
        partitions = "calendar months, such as `2026-10`" if months else _listed(spec.partitions_def)
        rows.append([code(key.to_user_string()), partitions, _said(spec.description, key)])
    return table(("asset and table", "partitions", "meaning"), rows)


def checks_table() -> str:
    graph = repository().asset_graph
    meanings: dict[str, str] = {}
    assets: dict[str, list[str]] = {}
    for key in sorted(graph.asset_check_keys):
        meanings[key.name] = _said(graph.get_check_spec(key).description, key)
        assets.setdefault(key.name, []).append(key.asset_key.to_user_string())
    rows = [[code(name), _of(names), meanings[name]] for name, names in assets.items()]
    return table(("check", "of", "passes when"), rows)


def automation_table() -> str:
    """Return what runs, and what makes it run by itself."""
    found = repository()
    jobs = [job for job in found.get_all_jobs() if not job.name.startswith("__")]
    rows = [
        [code(job.name), "job", "by hand, or by the others here", _said(job.description, job.name)]
        for job in jobs
    ]
    rows += [
        [
            code(schedule.name),
            "schedule",
            f"`{schedule.cron_schedule}` {schedule.execution_timezone}",
            _said(schedule.description, schedule.name),
        ]
        for schedule in sorted(found.schedule_defs, key=lambda schedule: schedule.name)
    ]
    rows += [
        [
            code(sensor.name),
            "sensor",
            f"every {sensor.minimum_interval_seconds} s{_from_the_start(sensor)}",
            _said(sensor.description, sensor.name),
        ]
        for sensor in sorted(found.sensor_defs, key=lambda sensor: sensor.name)
    ]
    return table(("name", "is a", "when", "does"), rows)


def _from_the_start(sensor: dg.SensorDefinition) -> str:
    return ", from the start" if sensor.default_status is dg.DefaultSensorStatus.RUNNING else ""


def _listed(partitions: dg.PartitionsDefinition | None) -> str:
    assert partitions, "an asset without partitions; say here what it is"
    return ", ".join(map(code, partitions.get_partition_keys()))


def _of(assets: list[str]) -> str:
    histories = [name.endswith("_history") for name in assets]
    return "histories" if all(histories) else "exports and histories" if any(histories) else "exports"


def _said(description: str | None, what: object) -> str:
    assert description, f"{what} has no description"
    return description
