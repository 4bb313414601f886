"""The sensor that builds the months that an export just brought, and tries again where a run of its own failed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.history import months_possibly_covered
from pipefy_exports_dagster.orchestration.attempts import ATTEMPT, MAX_ATTEMPTS, NextAttempt, few_lines
from pipefy_exports_dagster.orchestration.definition_names import HISTORY_JOB, HISTORY_SENSOR
from pipefy_exports_dagster.orchestration.events import Materialized, materializations_after
from pipefy_exports_dagster.orchestration.former_states import former_cursors
from pipefy_exports_dagster.orchestration.history.assets import MONTH_FORMAT
from pipefy_exports_dagster.orchestration.history.unbuilt import BUILDS_EXPORT, find_unbuilt
from pipefy_exports_dagster.orchestration.partitions import RANGE_END, RANGE_START
from pipefy_exports_dagster.periods import Period, PeriodFilter

EXPORTS_PER_TICK = 50
NOTHING_NEW = "no export has brought months since the last tick"


@dataclass(frozen=True, slots=True)
class BroughtMonths:
    """The months, oldest first, that a loaded export may cover; `position` is where it is in the event log."""

    position: int
    export_id: str
    months: tuple[date, ...]


def newest_of_each(brought: Sequence[BroughtMonths]) -> list[BroughtMonths]:
    """Leave out exports whose months newer ones bring as well: a month looks at all files anyway."""
    left, seen = [], set[date]()
    for each in sorted(brought, key=lambda each: each.position, reverse=True):
        if not seen.issuperset(each.months):
            left.append(each)
            seen.update(each.months)
    return left[::-1]


def history_sensor(config: PipefyExportsConfig, clock: Clock) -> dg.SensorDefinition:
    """Return the sensor, stopped until a person or the configuration switches it on.

    Its cursor holds, for each export asset, the last materialization that was seen. A run key is made of the
    export's id, and of the number of the attempt from the second on, so that a restarted daemon, a lost cursor or a
    resumed load repeat nothing.
    """
    exports = configured_exports(config)

    @dg.sensor(
        name=config.definition_name(HISTORY_SENSOR),
        job_name=config.definition_name(HISTORY_JOB),
        default_status=(
            dg.DefaultSensorStatus.RUNNING
            if config.schedules.history_sensor
            else dg.DefaultSensorStatus.STOPPED
        ),
        minimum_interval_seconds=60,
        description=(
            "Builds the months that a loaded export brings, in the history of that export. A run that fails is "
            f"followed by another, up to {MAX_ATTEMPTS} in all."
        ),
    )
    def history(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        cursor = _read(context.cursor) if context.cursor else _former(context.instance, config)
        requests = []
        for export in exports:
            brought, position = _brought_since(context.instance, export, cursor.get(export.asset))
            requests += [
                _run_request(export, each.export_id, each.months, NextAttempt(1))
                for each in newest_of_each(brought)
            ]
            if position is not None:
                cursor[export.asset] = position
        again, notes = _again(context.instance, exports, clock.now())
        # A run that was written down and not launched is asked for by both if the cursor was lost.
        launches = list({request.run_key: request for request in [*requests, *again]}.values())
        if launches and notes:
            context.log.info(notes)
        return dg.SensorResult(
            run_requests=launches,
            skip_reason=None if launches else notes or NOTHING_NEW,
            cursor=json.dumps(cursor),
        )

    return history


def _read(cursor: str) -> dict[str, int]:
    positions: dict[str, int] = json.loads(cursor)
    return positions


def _former(instance: dg.DagsterInstance, config: PipefyExportsConfig) -> dict[str, int]:
    """Return how far the sensor had come under its former name: without a cursor it would build all months again.

    Positions are places in the instance's event log, so the furthest one counts, whichever code location reached it.
    """
    reached: dict[str, int] = {}
    for cursor in former_cursors(instance, config, HISTORY_SENSOR):
        for asset, position in _read(cursor).items():
            reached[asset] = max(position, reached.get(asset, position))
    return reached


def _again(
    instance: dg.DagsterInstance, exports: Sequence[ConfiguredExport], now: datetime
) -> tuple[list[dg.RunRequest], str]:
    """Return what is tried again, and why the rest is not."""
    unbuilt = find_unbuilt(instance, exports, now)
    notes = [str(each) for each in unbuilt if each.verdict.refusal]
    requests = [
        _run_request(each.export, each.export_id, each.months, each.verdict)
        for each in unbuilt
        if not each.verdict.refusal
    ]
    return requests, few_lines(notes)


def _brought_since(
    instance: dg.DagsterInstance, export: ConfiguredExport, position: int | None
) -> tuple[list[BroughtMonths], int | None]:
    key = dg.AssetKey(export.asset_key)
    found, position = materializations_after(instance, key, position, limit=EXPORTS_PER_TICK)
    brought = (_brought(export, materialized) for materialized in found)
    return [each for each in brought if each and each.months], position


def _brought(export: ConfiguredExport, materialized: Materialized) -> BroughtMonths | None:
    """Return the months of a materialization; None for one that is not of a partition of ours."""
    requested_month = materialized.requested_month
    if requested_month is None or materialized.partition not in set(PeriodFilter):
        return None
    window = export.window(Period(PeriodFilter(materialized.partition), requested_month))
    possible = months_possibly_covered(window, requested_month)
    months = tuple(month for month in possible if month >= export.config.history_start)
    return BroughtMonths(materialized.storage_id, materialized.export_id, months)


def _run_request(
    export: ConfiguredExport, export_id: str, months: Sequence[date], verdict: NextAttempt
) -> dg.RunRequest:
    first, last = months[0].strftime(MONTH_FORMAT), months[-1].strftime(MONTH_FORMAT)
    one = first == last
    run_key = f"{export.history}:{export_id}" + (f":{verdict.attempt}" if verdict.attempt > 1 else "")
    tags = {BUILDS_EXPORT: export_id, ATTEMPT: str(verdict.attempt)}
    return dg.RunRequest(
        run_key=verdict.run_key or run_key,
        partition_key=first if one else None,
        tags=tags if one else tags | {RANGE_START: first, RANGE_END: last},
        asset_selection=[dg.AssetKey(export.history_key)],
        run_config={
            "ops": {
                dg.AssetKey(export.history_key).to_python_identifier(): {"config": {"only_covered": True}}
            }
        },
    )
