"""An event log as years of use leave it, written in one transaction: Dagster takes milliseconds for each event."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as db
from dagster._core.events import AssetObservationData, StepMaterializationData
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._serdes import serialize_value

from pipefy_exports_dagster.orchestration.events import (
    COMPLETE,
    DIALECT,
    EXPORT_ID,
    EXPORTED_AT,
    FINGERPRINT,
    ORGANIZATION_ID,
    REQUEST,
    REQUESTED_AT,
    REQUESTED_MONTH,
    ROW_COUNT,
    STATUS,
    RequestStatus,
)

MATERIALIZATION, OBSERVATION = (
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_OBSERVATION,
)
_PREVIEW = "| 300514001 | Compra de materiais | 2026-11-02 10:00:00 | aberto |\n" * 50
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a partition of an asset: a load, or the request before it."""

    kind: dg.DagsterEventType
    asset: dg.AssetKey
    partition: str
    export_id: str
    moment: datetime
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A result of a check that passed."""

    key: dg.AssetCheckKey
    partition: str | None
    moment: datetime
    metadata: tuple[tuple[str, str], ...] = ()


def a_load(asset: dg.AssetKey, partition: str, export_id: str, moment: datetime) -> Iterator[Event]:
    """Yield what the load of an export leaves: that it was asked for, and loaded."""
    yield Event(OBSERVATION, asset, partition, export_id, moment - timedelta(minutes=2))
    yield Event(MATERIALIZATION, asset, partition, export_id, moment)


def fill(instance: dg.DagsterInstance, events: Iterable[Event], checked: Iterable[Checked] = ()) -> int:
    """Write events, oldest first, and results of checks into an instance's event log; return how many."""
    storage: Any = instance.event_log_storage
    count, newest = 0, dict[str, dict[str, Any]]()
    with storage.index_connection() as connection:
        first = connection.execute(db.select(db.func.max(SqlEventLogStorageTable.c.id))).scalar() or 0
        rows: list[dict[str, Any]] = []
        for count, event in enumerate(events, 1):
            rows.append(_row(event, first + count))
            known = newest.setdefault(rows[-1]["asset_key"], {"last_materialization": None})
            known["last_materialization_timestamp"] = rows[-1]["timestamp"]
            if event.kind is MATERIALIZATION:
                entry = json.loads(rows[-1]["event"])
                record = {
                    "__class__": "EventLogRecord",
                    "storage_id": first + count,
                    "event_log_entry": entry,
                }
                known |= {"last_materialization": record, "last_run_id": rows[-1]["run_id"]}
            if len(rows) == _BATCH:
                connection.execute(SqlEventLogStorageTable.insert(), rows)
                rows = []
        if rows:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
        for key, values in newest.items():
            last = values["last_materialization"]
            stored = values | {"last_materialization": json.dumps(last) if last else None}
            connection.execute(AssetKeyTable.delete().where(AssetKeyTable.c.asset_key == key))
            connection.execute(AssetKeyTable.insert().values(asset_key=key, **stored))
        if results := [_check_row(each) for each in checked]:
            connection.execute(AssetCheckExecutionsTable.insert(), results)
    return count + len(results)


def _row(event: Event, storage_id: int) -> dict[str, Any]:
    run_id = f"{storage_id:032x}"
    return {
        "id": storage_id,
        "run_id": run_id,
        "event": _entry(event, run_id),
        "dagster_event_type": event.kind.value,
        "timestamp": event.moment.replace(tzinfo=None),
        "asset_key": event.asset.to_string(),
        "partition": event.partition,
    }


_templates: dict[tuple[dg.DagsterEventType, bool], str] = {}


def _entry(event: Event, run_id: str) -> str:
    """Return an event as Dagster stores it, from one of its kind: to serialize each would take a minute."""
    kind = event.kind, event.is_complete
    if kind not in _templates:
        _templates[kind] = _stored(
            Event(
                event.kind,
                dg.AssetKey("THE_ASSET"),
                "THE_PARTITION",
                "THE_EXPORT",
                event.moment,
                event.is_complete,
            )
        )
    moment = event.moment.astimezone(UTC)
    path = ", ".join(json.dumps(part) for part in event.asset.path)
    return (
        _templates[kind]
        .replace('"THE_ASSET"', path)
        .replace("THE_PARTITION", event.partition)
        .replace("THE_EXPORT", event.export_id)
        .replace("THE_RUN", run_id)
        .replace("2000-01-02T03:04:05+00:00", moment.isoformat())
        .replace("2000-01-01", f"{moment:%Y-%m}-01")
        .replace("946684800.0", f"{moment.timestamp():.1f}")
    )


def _stored(event: Event) -> str:
    moment = "2000-01-02T03:04:05+00:00"
    metadata: dict[str, Any] = {
        EXPORT_ID: event.export_id,
        FINGERPRINT: "f" * 64,
        REQUEST: dg.MetadataValue.json({"organizationId": "300514001", "filter": "last_month"}),
        REQUESTED_AT: moment,
        REQUESTED_MONTH: "2000-01-01",
        DIALECT: "2026-10",
    }
    if event.kind is OBSERVATION:
        metadata[STATUS] = RequestStatus.REQUESTED.value
        observation = dg.AssetObservation(event.asset, partition=event.partition, metadata=metadata)
        data: Any = AssetObservationData(observation)
    else:
        metadata |= {
            ORGANIZATION_ID: "300514001",
            EXPORTED_AT: moment,
            ROW_COUNT: 200,
            "preview": dg.MetadataValue.md(_PREVIEW),
        }
        if event.is_complete:
            metadata[COMPLETE] = True
        data = StepMaterializationData(
            dg.AssetMaterialization(event.asset, partition=event.partition, metadata=metadata), []
        )
    return _serialized(event.kind, data)


def _serialized(kind: dg.DagsterEventType, data: Any, run_id: str = "THE_RUN") -> str:
    return serialize_value(
        dg.EventLogEntry(
            error_info=None,
            level="debug",
            user_message="",
            run_id=run_id,
            timestamp=946684800.0,
            step_key=None,
            job_name="pipefy_exports",
            dagster_event=dg.DagsterEvent(kind.value, "pipefy_exports", event_specific_data=data),
        )
    )


def _check_row(checked: Checked) -> dict[str, Any]:
    evaluation = dg.AssetCheckEvaluation(
        asset_key=checked.key.asset_key,
        check_name=checked.key.name,
        passed=True,
        metadata=dict(checked.metadata),
        partition=checked.partition,
    )
    run_id = f"{abs(hash((checked.key, checked.partition, checked.moment))):032x}"
    return {
        "asset_key": checked.key.asset_key.to_string(),
        "check_name": checked.key.name,
        "partition": checked.partition,
        "run_id": run_id,
        "execution_status": "SUCCEEDED",
        "evaluation_event": _serialized(dg.DagsterEventType.ASSET_CHECK_EVALUATION, evaluation, run_id),
        "evaluation_event_timestamp": checked.moment.replace(tzinfo=None),
        "create_timestamp": checked.moment.replace(tzinfo=None),
    }
