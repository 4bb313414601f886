"""From which month on the sandbox's histories are shown."""

from collections.abc import Mapping

import dagster as dg

from pipefy_exports_dagster.clock import Clock, SystemClock
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.variables import HISTORY_START
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.events import materialized_partitions
from pipefy_exports_dagster.orchestration.history.assets import MONTH_FORMAT
from pipefy_exports_dagster.periods import add_months, first_month_in_reach, month_of


def with_first_month(environment: Mapping[str, str], clock: Clock | None = None) -> dict[str, str]:
    """Return a sandbox's environment with the first month of its histories, from which on a demo fills them all.

    It is three months before today's, or earlier where the histories go on without a gap from there: those of last
    month's demo are kept. Months before a gap, which nothing fills any more, are left out.
    """
    config = config_from_environment(environment)
    histories = [dg.AssetKey(export.history_key) for export in configured_exports(config)]
    month = first_month_in_reach(month_of((clock or SystemClock()).now(), config.zone))
    with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
        held = set.intersection(*(set(materialized_partitions(instance, history)) for history in histories))
    while (before := add_months(month, -1)).strftime(MONTH_FORMAT) in held:
        month = before
    return {**environment, HISTORY_START: month.strftime(MONTH_FORMAT)}
