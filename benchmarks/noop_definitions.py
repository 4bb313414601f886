"""A code location of one asset that does nothing: what any materialization costs."""

import os

import dagster as dg


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["current_month"]))
def noop() -> None:
    """Do nothing."""


defs = dg.Definitions(
    assets=[noop], executor=dg.in_process_executor if os.environ.get("NOOP_IN_PROCESS") else None
)
