"""The sensor that waits for exports in place of runs, and adopts what dead runs left behind."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig, Wait
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.definition_names import PENDING_EXPORTS_SENSOR
from pipefy_exports_dagster.orchestration.resources import PipefyResource, ResourceKeys

if TYPE_CHECKING:
    from pipefy_exports_dagster.orchestration.pending.tick import Tick

INTERVAL_S = 30


def pending_exports_sensor(
    job_name: str, exports: Sequence[ConfiguredExport], config: PipefyExportsConfig, clock: Clock
) -> dg.SensorDefinition:
    """Return the sensor; where runs leave the waiting to it, it is switched on from the start.

    Its cursor holds when Pipefy was last asked about each export, so that none is asked about more often than by a run
    that waits (`PollPolicy`). A lost cursor costs one question for each.
    """
    is_needed = config.wait is Wait.DEFERRED
    keys = ResourceKeys.of(config)

    @dg.sensor(
        name=config.definition_name(PENDING_EXPORTS_SENSOR),
        job_name=job_name,
        required_resource_keys={keys.pipefy},
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING if is_needed else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Asks Pipefy about every pending export, up to 50 in one request, and launches a run for each that is "
            "finished, failed or late: those of `wait: deferred`, and those that a killed run left behind."
        ),
    )
    def pending_exports(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        pipefy = keys.pipefy_of(context.resources)
        try:
            tick = _look(context.instance, pipefy, exports, config, clock, asked_at=_read(context.cursor))
        except PipefyExportsError as error:
            return dg.SkipReason(str(error))
        cursor = _written(tick.asked_at)
        if not tick.launches:
            return dg.SensorResult(skip_reason=str(tick), cursor=cursor)
        if tick.notes or tick.failure:
            context.log.info(str(tick))
        return dg.SensorResult(run_requests=tick.launches, cursor=cursor)

    return pending_exports


def _read(cursor: str | None) -> dict[str, datetime]:
    """Return when Pipefy was last asked about each export; nothing where the cursor does not say it."""
    try:
        asked_at = {key: datetime.fromisoformat(text) for key, text in json.loads(cursor or "{}").items()}
        return {key: moment for key, moment in asked_at.items() if moment.tzinfo}
    except (ValueError, TypeError, AttributeError):
        return {}


def _written(asked_at: Mapping[str, datetime]) -> str:
    return json.dumps({key: moment.isoformat() for key, moment in asked_at.items()})


def _look(
    instance: dg.DagsterInstance,
    pipefy: PipefyResource,
    exports: Sequence[ConfiguredExport],
    config: PipefyExportsConfig,
    clock: Clock,
    *,
    asked_at: Mapping[str, datetime],
) -> "Tick":
    # They import httpx: when the sensor looks, not when the code location is imported.
    from pipefy_exports_dagster.orchestration.pending.tick import REQUEST_TIMEOUT_S, PendingExports
    from pipefy_exports_dagster.pipefy.status_batch import StatusClient

    timeout_s = min(pipefy.request_timeout_s, REQUEST_TIMEOUT_S)
    connection = dataclasses.replace(pipefy.connection, request_timeout_s=timeout_s)
    with StatusClient.from_environment(connection) as client:
        return PendingExports(instance, config, exports, clock.now()).evaluate(client, asked_at)
