"""Definitions of 500 reports beside those of 10, and the tick of each sensor over an event log that is filled."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.periods import PeriodFilter, add_months

from .event_log import MATERIALIZATION, Checked, Event, a_load, fill

FEW, MANY = 10, 500
DAYS, MONTHS = 2, 12
NOT_TICKED = ("pipefy_failure_sensor",)
"""Dagster's own sensor of failed runs: it has no function to call by hand."""


def measure_definitions(rounds: int) -> Iterator[tuple[str, float, str]]:
    """Yield the ratio of each round."""
    _built(FEW)  # imports do not count
    for _ in range(rounds):
        few, many = _built(FEW), _built(MANY)
        sys.stderr.write(f"definitions: {few * 1000:.2f} and {many * 1000:.2f} ms of CPU per asset\n")
        yield f"definitions of {MANY} reports / {FEW}, CPU per asset", many / few, "1.1"


def _built(reports: int) -> float:
    """Return the CPU seconds that each asset takes, until the code location could be served."""
    started = time.process_time()
    definitions = build_pipefy_exports(_config(Path("data"), reports), notify=_nobody)
    definitions.get_repository_def()
    seconds = time.process_time() - started
    return seconds / len(definitions.resolve_asset_graph().get_all_asset_keys())


def measure_sensors(ticks: int = 3) -> Iterator[tuple[str, float, str]]:
    """Yield the CPU seconds of each sensor's ticks, the first of a code server and later ones."""
    with tempfile.TemporaryDirectory() as folder:
        home = prepare_instance(Path(folder) / "home")
        config = _config(Path(folder) / "data", MANY)
        definitions = build_pipefy_exports(config, notify=_nobody)
        repository = definitions.get_repository_def()
        checks = sorted(definitions.resolve_asset_graph().asset_check_keys)
        os.environ["PIPEFY_TOKEN"] = "benchmark"  # noqa: S105  nothing is pending, and nothing is asked
        with dg.DagsterInstance.from_config(str(home)) as instance:
            count = fill(instance, _history(config), _checked(checks))
            sys.stderr.write(f"{count} events of {MANY} reports are written\n")
            resources = dict(definitions.resources or {})
            for sensor in repository.sensor_defs:
                if sensor.name in NOT_TICKED:
                    continue
                cursor = None
                for tick in range(ticks):
                    context = dg.build_sensor_context(
                        instance=instance,
                        cursor=cursor,
                        sensor_name=sensor.name,
                        definitions=None if sensor.required_resource_keys else definitions,
                        resources=resources if sensor.required_resource_keys else None,
                    )
                    started = time.process_time()
                    with context:
                        result = sensor.evaluate_tick(context)
                    seconds = time.process_time() - started
                    for event in result.asset_events:
                        instance.report_runless_asset_event(event)
                    cursor = result.cursor or cursor
                    said = f"{len(result.asset_events)} events, {len(result.run_requests or ())} runs"
                    sys.stderr.write(f"{sensor.name}, tick {tick + 1}: {seconds:.2f} s of CPU; {said}\n")
                    which = "first tick" if tick == 0 else "later ticks"
                    yield f"{sensor.name}, {MANY} reports, {which}, s of CPU", seconds, "10"


def _config(data_dir: Path, reports: int) -> PipefyExportsConfig:
    return PipefyExportsConfig(
        organization_id="300514001",
        data_dir=data_dir.absolute(),
        reports=tuple(Report(name=f"report_{n}", organization_report_id=1000 + n) for n in range(reports)),
    )


def _history(config: PipefyExportsConfig) -> Iterator[Event]:
    now = datetime.now(UTC)
    exports = configured_exports(config)
    for month in range(MONTHS, 0, -1):
        key = add_months(now.date().replace(day=1), -month)
        for export in exports:
            asset = dg.AssetKey(export.history_key)
            yield Event(
                MATERIALIZATION, asset, f"{key:%Y-%m}", f"m{month}", now - timedelta(days=5), is_complete=True
            )
    for day in range(DAYS, 0, -1):
        for export in exports:
            for period in PeriodFilter:
                id_ = f"e{day}-{export.settings.name}-{period.value}"
                yield from a_load(
                    dg.AssetKey(export.asset_key), period.value, id_, now - timedelta(days=day - 0.5)
                )


def _checked(checks: list[dg.AssetCheckKey]) -> Iterator[Checked]:
    for day in range(DAYS, 0, -1):
        for key in checks:
            yield Checked(key, None, datetime.now(UTC) - timedelta(days=day - 0.5))


def _nobody(_failure: object) -> None:
    """Tell nobody."""
