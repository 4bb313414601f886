"""Queries of the event log: one function for each."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from .records import Materialized, Observed

MAX_RECENT = 1000
"""How many records of an asset's newest are read for a question about a day or so."""
MAX_RECORDS = 25
"""How many of a partition's newest records are read. Two belong to an export at most; others may
have logged events of their own in between."""


def materializations(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    partition: str | None = None,
    *,
    since: int | None = None,
    limit: int = MAX_RECORDS,
) -> list[Materialized]:
    """Return our materializations among an asset's newest, newest first.

    Args:
        partition: Only this partition's.
        since: Only those after this place in the event log.
        limit: How many records to read.
    """
    filter_ = _filter(key, partition, since)
    records = instance.fetch_materializations(filter_, limit=limit).records
    return [found for record in records if (found := Materialized.of(record))]


def materializations_after(
    instance: dg.DagsterInstance, key: dg.AssetKey, since: int | None, *, limit: int
) -> tuple[list[Materialized], int | None]:
    """Return an asset's next materializations of ours, oldest first, and the place in the event log that they reach."""
    filter_ = _filter(key, None, since)
    records = instance.fetch_materializations(filter_, limit=limit, ascending=True).records
    found = [materialized for record in records if (materialized := Materialized.of(record))]
    return found, records[-1].storage_id if records else since


def newest_materialization(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    partition: str,
    *,
    organization_id: str | None = None,
) -> Materialized | None:
    """Return what a partition holds, by its newest materialization of ours.

    Args:
        organization_id: Only those of this organization: it has slices of its own.
    """
    for limit in (1, MAX_RECORDS):  # the very newest is mostly it
        for found in materializations(instance, key, partition, limit=limit):
            if organization_id in (None, found.organization_id):
                return found
    return None


def run_ids_since(
    instance: dg.DagsterInstance, key: dg.AssetKey, moment: datetime, *, limit: int
) -> list[str]:
    """Return the runs that have materialized an asset since then, whatever they wrote."""
    filter_ = dg.AssetRecordsFilter(key, after_timestamp=moment.timestamp())
    records = instance.fetch_materializations(filter_, limit=limit).records
    return list({record.run_id for record in records if record.run_id})


def observations(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    partition: str,
    *,
    since: int | None = None,
    limit: int = MAX_RECORDS,
) -> list[Observed]:
    """Return our observations among a partition's newest, newest first; the arguments are as in `materializations`."""
    records = instance.fetch_observations(_filter(key, partition, since), limit=limit).records
    return [found for record in records if (found := Observed.of(record))]


def observations_after(instance: dg.DagsterInstance, key: dg.AssetKey, moment: datetime) -> list[Observed]:
    """Return our observations of all of an asset's partitions that were logged since then, newest first."""
    filter_ = dg.AssetRecordsFilter(key, after_timestamp=moment.timestamp())
    records = instance.fetch_observations(filter_, limit=MAX_RECENT).records
    return [found for record in records if (found := Observed.of(record))]


def newest_event(instance: dg.DagsterInstance) -> int | None:
    """Return the event log's newest place. Places order what machines do, whatever their clocks show."""
    return instance.event_log_storage.get_maximum_record_id()


def planned_event(instance: dg.DagsterInstance, key: dg.AssetKey, run_id: str) -> int | None:
    """Return the place at which a run was written down, which is before its process was started.

    It is the first event of a run, one for each asset; Dagster's storage of SQLite numbers the other events of a run
    apart from those of others.
    """
    filter_ = dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, key)
    records = instance.event_log_storage.get_event_records(filter_, limit=MAX_RECENT)
    return min((record.storage_id for record in records if record.run_id == run_id), default=None)


def was_materialized(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """Whether any partition of an asset was ever materialized, by whomever."""
    return instance.get_latest_materialization_event(key) is not None


def materialized_partitions(instance: dg.DagsterInstance, key: dg.AssetKey) -> Sequence[str]:
    """Return the partitions that were ever materialized, in order."""
    return sorted(instance.get_materialized_partitions(key))


def _filter(key: dg.AssetKey, partition: str | None, since: int | None) -> dg.AssetRecordsFilter:
    partitions = None if partition is None else [partition]
    return dg.AssetRecordsFilter(key, asset_partitions=partitions, after_storage_id=since)
