"""The partitions of an export asset: Pipefy's period filters."""

import dagster as dg

from pipefy_exports_dagster.pipefy.periods import PeriodFilter

PERIODS = dg.StaticPartitionsDefinition([period.value for period in PeriodFilter])
