"""The sensor that tells a person's own notifier of failed runs."""

from collections.abc import Sequence

import dagster as dg

from pipefy_exports_dagster.orchestration.definition_names import FAILURE_SENSOR
from pipefy_exports_dagster.orchestration.notify.export_failure import Notify, notify_all
from pipefy_exports_dagster.orchestration.notify.run_failures import failures_of, is_retried


def pipefy_failure_sensor(
    notify: Notify,
    *,
    assets: Sequence[str] | None = None,
    name: str = FAILURE_SENSOR,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.SensorDefinition:
    """Return a sensor that calls a function for every asset that a failed run did not materialize.

    A run that Dagster starts again by itself is no failure yet. Runs that failed before the sensor was first
    switched on are not told.

    Args:
        notify: Called in the daemon's code server; when it raises, the tick fails, and the run is not told again.
        assets: Keys of the assets to tell of, `a/b` where they have several parts; None for all of the code location.
        name: The sensor's name.
        default_status: Running, unless said otherwise: it starts nothing.
    """
    wanted = None if assets is None else frozenset(assets)

    @dg.run_failure_sensor(
        name=name,
        default_status=default_status,
        description="Tells the project's notifier of every asset that a failed run did not materialize.",
    )
    def failures(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if is_retried(context.dagster_run):
            return dg.SkipReason("Dagster starts this run again")
        found = failures_of(context.instance, context.dagster_run)
        found = (failure for failure in found if wanted is None or failure.asset in wanted)
        notify_all(found, notify)
        return None

    return failures
