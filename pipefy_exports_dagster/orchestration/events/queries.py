"""Queries of the event log: one function for each."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from .records import Materialized, Observed, RequestStatus

MAX_PAGES, PAGE = 25, 200
"""How many of all assets' newest events are read, and at once."""
MAX_RECENT = 1000
"""How many records of an asset's newest are read for a question about a day or so."""
MAX_KEYS = 200
"""How many assets or checks are asked about in one query."""
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


def newest_observation(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str, *, status: RequestStatus | None = None
) -> Observed | None:
    """Return the newest of our observations of a partition, or the newest that says this of an export."""
    for limit in (1, MAX_RECORDS):  # the very newest is mostly it
        for found in observations(instance, key, partition, limit=limit):
            if status is None or found.status == status:
                return found
    return None


def observations_after(instance: dg.DagsterInstance, key: dg.AssetKey, moment: datetime) -> list[Observed]:
    """Return our observations of all of an asset's partitions that were logged since then, newest first."""
    filter_ = dg.AssetRecordsFilter(key, after_timestamp=moment.timestamp())
    records = instance.fetch_observations(filter_, limit=MAX_RECENT).records
    return [found for record in records if (found := Observed.of(record))]


def newest_of_assets(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetKey]
) -> dict[dg.AssetKey, dg.EventLogRecord]:
    """Return the newest materialization of each asset that was ever materialized, by whomever."""
    return {
        record.asset_entry.asset_key: newest
        for first in range(0, len(keys), MAX_KEYS)
        for record in instance.get_asset_records(keys[first : first + MAX_KEYS])
        if (newest := record.asset_entry.last_materialization_record)
    }


def newest_of_partitions(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, Materialized | None]:
    """Return what each partition of an asset holds that was ever materialized; None where it is not ours."""
    newest = instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
    ids, found = sorted(newest.values()), dict[str, Materialized | None]()
    for first in range(0, len(ids), MAX_KEYS):
        filter_ = dg.AssetRecordsFilter(key, storage_ids=ids[first : first + MAX_KEYS])
        for record in instance.fetch_materializations(filter_, limit=MAX_KEYS).records:
            materialized = Materialized.of(record)
            if materialized and materialized.partition:
                found[materialized.partition] = materialized
    # The newest of some may be somebody else's.
    return {
        partition: found.get(partition) or newest_materialization(instance, key, partition)
        for partition in sorted(newest)
    }


def newest_results(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, Any]:
    """Return the newest record of each check that was ever evaluated, or planned to be."""
    found: dict[dg.AssetCheckKey, Any] = {}
    for first in range(0, len(keys), MAX_KEYS):
        asked = keys[first : first + MAX_KEYS]
        found |= instance.event_log_storage.get_latest_asset_check_execution_by_key(asked)
    return found


def open_requests(
    instance: dg.DagsterInstance, *, asked_after: datetime | None
) -> set[tuple[dg.AssetKey, str]] | None:
    """Return the partitions, of whatever asset, with a request that no materialization of the same export followed.

    One question for all assets: to ask for each partition takes milliseconds for each.

    Args:
        asked_after: Requests that were made before may be left out; None for all.

    Returns:
        Assets and partitions; None where there are too many events, and each partition has to be asked for.
    """
    asked: dict[tuple[dg.AssetKey, str, str], int] = {}
    for record in _newest_events(instance, dg.DagsterEventType.ASSET_OBSERVATION):
        if record is None:
            return None
        observed, event = Observed.of(record), record.asset_observation
        if observed is None or event is None or event.partition is None:
            continue
        if asked_after and observed.requested_at and observed.requested_at < asked_after:
            break
        place = asked.setdefault((event.asset_key, event.partition, observed.export_id), observed.storage_id)
        asked[event.asset_key, event.partition, observed.export_id] = min(place, observed.storage_id)
    if not asked:
        return set()
    oldest = min(asked.values())
    for record in _newest_events(instance, dg.DagsterEventType.ASSET_MATERIALIZATION):
        if record is None:
            return None
        if record.storage_id < oldest:
            break
        materialized, key = Materialized.of(record), record.asset_key
        if materialized and materialized.partition and key:
            asked.pop((key, materialized.partition, materialized.export_id), None)
    return {(key, partition) for key, partition, _ in asked}


def _newest_events(
    instance: dg.DagsterInstance, kind: dg.DagsterEventType
) -> Iterator[dg.EventLogRecord | None]:
    """Yield the newest events of a kind, of all assets, newest first, and None after very many."""
    before = None
    for _ in range(MAX_PAGES):
        filter_ = dg.EventRecordsFilter(kind, before_cursor=before)
        page = instance.event_log_storage.get_event_records(filter_, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        before = page[-1].storage_id
    yield None


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


def materialized_partitions(instance: dg.DagsterInstance, key: dg.AssetKey) -> Sequence[str]:
    """Return the partitions that were ever materialized, in order."""
    return sorted(instance.get_materialized_partitions(key))


def _filter(key: dg.AssetKey, partition: str | None, since: int | None) -> dg.AssetRecordsFilter:
    partitions = None if partition is None else [partition]
    return dg.AssetRecordsFilter(key, asset_partitions=partitions, after_storage_id=since)
