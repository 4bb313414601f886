"""The partitions of an export asset, Pipefy's period filters, and how Dagster tags a run of several partitions."""

import dagster as dg

from pipefy_exports_dagster.periods import PeriodFilter

PERIODS = dg.StaticPartitionsDefinition([period.value for period in PeriodFilter])

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""The tags by which Dagster gives one run several partitions."""
