"""What our events in Dagster's event log say: the keys of their metadata, and the one way to read them.

A materialization says what a partition holds; an observation, that an export was asked for or given up. Others may log
events of the same assets: those have none of our keys. Earlier versions wrote some values in another type, and all of
them are read: an event stays in the log for years.
"""

from .keys import (
    COLUMN_COUNT,
    COMPLETE,
    DIALECT,
    DOWNLOADING_S,
    EXPORT_ID,
    EXPORTED_AT,
    FILE,
    FILE_SIZE_BYTES,
    FINGERPRINT,
    FROM_FILE,
    LOADING_S,
    ORGANIZATION_ID,
    REASON,
    REQUEST,
    REQUESTED_AT,
    REQUESTED_MONTH,
    ROW_COUNT,
    RUN_CONFIG,
    SHA256,
    STATUS,
    TABLE_NAME,
    WAITING_S,
    WINDOW,
)
from .queries import (
    materializations,
    materializations_after,
    materialized_partitions,
    newest_materialization,
    observations,
    run_ids_since,
    was_materialized,
)
from .records import Materialized, Observed, RequestedExport, RequestStatus

__all__ = [
    "COLUMN_COUNT",
    "COMPLETE",
    "DIALECT",
    "DOWNLOADING_S",
    "EXPORTED_AT",
    "EXPORT_ID",
    "FILE",
    "FILE_SIZE_BYTES",
    "FINGERPRINT",
    "FROM_FILE",
    "LOADING_S",
    "ORGANIZATION_ID",
    "REASON",
    "REQUEST",
    "REQUESTED_AT",
    "REQUESTED_MONTH",
    "ROW_COUNT",
    "RUN_CONFIG",
    "SHA256",
    "STATUS",
    "TABLE_NAME",
    "WAITING_S",
    "WINDOW",
    "Materialized",
    "Observed",
    "RequestStatus",
    "RequestedExport",
    "materializations",
    "materializations_after",
    "materialized_partitions",
    "newest_materialization",
    "observations",
    "run_ids_since",
    "was_materialized",
]
