"""Our events are read in every form in which a version of ours has written them; others' are left out."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pytest

from pipefy_exports_dagster.orchestration.events import (
    COMPLETE,
    EXPORT_ID,
    EXPORTED_AT,
    REQUESTED_AT,
    REQUESTED_MONTH,
    ROW_COUNT,
    STATUS,
    materializations,
    materializations_after,
    newest_materialization,
    observations,
)

KEY = dg.AssetKey(["acme", "automation_jobs_export"])
MOMENT = datetime(2026, 11, 2, 15, 30, tzinfo=UTC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def log(instance: dg.DagsterInstance, metadata: dict[str, Any]) -> None:
    instance.report_runless_asset_event(
        dg.AssetMaterialization(KEY, partition="last_month", metadata=metadata)
    )


@pytest.mark.parametrize(
    "value",
    [
        dg.MetadataValue.timestamp(MOMENT),
        MOMENT.timestamp(),
        "2026-11-02T15:30:00Z",
        "2026-11-02T12:30:00-03:00",
    ],
)
def test_a_moment_is_read_in_both_types(instance: dg.DagsterInstance, value: Any) -> None:
    log(instance, {EXPORT_ID: "a1", EXPORTED_AT: value})
    newest = newest_materialization(instance, KEY, "last_month")
    assert newest is not None
    assert newest.exported_at == MOMENT


def test_what_cannot_be_read_is_none_and_the_rest_is_there(instance: dg.DagsterInstance) -> None:
    log(instance, {EXPORT_ID: "a1", EXPORTED_AT: "soon", REQUESTED_MONTH: "November", ROW_COUNT: 7})
    [found] = materializations(instance, KEY, "last_month")
    assert (found.exported_at, found.requested_month, found.sha256, found.file) == (None, None, None, None)
    assert (found.export_id, found.rows, found.is_complete) == ("a1", 7, False)


def test_events_of_others_are_left_out(instance: dg.DagsterInstance) -> None:
    log(instance, {EXPORT_ID: "a1", REQUESTED_MONTH: "2026-11-01", COMPLETE: True})
    log(instance, {"somebody/else": 1})
    instance.report_runless_asset_event(
        dg.AssetObservation(KEY, partition="last_month", metadata={"rows": 5})
    )
    newest = newest_materialization(instance, KEY, "last_month")
    assert newest is not None
    assert (newest.export_id, newest.requested_month, newest.is_complete) == ("a1", date(2026, 11, 1), True)
    assert observations(instance, KEY, "last_month") == []
    found, position = materializations_after(instance, KEY, None, limit=50)
    assert [each.export_id for each in found] == ["a1"]
    assert position is not None
    assert position > newest.storage_id, "the others' are passed as well"


def test_a_file_path_and_an_observation_that_says_less(instance: dg.DagsterInstance) -> None:
    log(instance, {EXPORT_ID: "a1", "pipefy/file": dg.MetadataValue.path("/data/a1.xlsx")})
    [found] = materializations(instance, KEY)
    assert found.file == "/data/a1.xlsx"
    metadata = {EXPORT_ID: "a2", STATUS: "requested", REQUESTED_AT: MOMENT.isoformat()}
    instance.report_runless_asset_event(dg.AssetObservation(KEY, partition="last_month", metadata=metadata))
    [observed] = observations(instance, KEY, "last_month")
    assert (observed.export_id, observed.requested_at, observed.requested) == ("a2", MOMENT, None)
