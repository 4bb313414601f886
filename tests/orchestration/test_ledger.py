"""The ledger: which export is pending, by the event log of a real instance."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import dagster as dg
import pytest

from pipefy_exports_dagster.orchestration.events import EXPORT_ID, REQUESTED_MONTH, RequestedExport
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of

KEY = dg.AssetKey("automation_jobs_export")
EXPORT = RequestedExport(
    export_id="a1b2",
    fingerprint="f" * 32,
    request={"organizationId": "1", "filter": "last_month"},
    requested_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    requested_month=date(2026, 11, 1),
    dialect="input object",
)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def ledger(instance: dg.DagsterInstance) -> Ledger:
    return Ledger(instance, KEY, "last_month")


def loaded(instance: dg.DagsterInstance, export_id: str, partition: str = "last_month") -> None:
    metadata = {EXPORT_ID: export_id, REQUESTED_MONTH: "2026-11-01"}
    instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition=partition, metadata=metadata))


def test_nothing_is_pending_in_an_empty_event_log(ledger: Ledger) -> None:
    assert ledger.pending() is None
    assert ledger.newest_request() is None
    assert ledger.loaded_month() is None
    assert ledger.requests_since_materialization() == 0


def test_a_requested_export_is_pending_with_all_its_facts(
    instance: dg.DagsterInstance, ledger: Ledger
) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    assert ledger.pending() == EXPORT


def test_a_loaded_export_is_not_pending(instance: dg.DagsterInstance, ledger: Ledger) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    loaded(instance, EXPORT.export_id)
    assert ledger.pending() is None
    assert ledger.newest_request() == EXPORT
    assert ledger.loaded_month() == date(2026, 11, 1)


def test_a_materialization_of_another_export_leaves_it_pending(
    instance: dg.DagsterInstance, ledger: Ledger
) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    loaded(instance, "by hand")
    assert ledger.pending() == EXPORT


def test_a_materialization_without_our_metadata_leaves_the_export_pending(
    instance: dg.DagsterInstance, ledger: Ledger
) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="last_month"))
    assert ledger.pending() == EXPORT


def test_an_abandoned_export_is_not_pending(instance: dg.DagsterInstance, ledger: Ledger) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    instance.report_runless_asset_event(ledger.abandoned(EXPORT.export_id, "it is a web page"))
    assert ledger.pending() is None


def test_a_new_request_after_an_abandoned_one_is_pending(
    instance: dg.DagsterInstance, ledger: Ledger
) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    instance.report_runless_asset_event(ledger.abandoned(EXPORT.export_id, "failed"))
    newer = replace(EXPORT, export_id="c3d4")
    instance.report_runless_asset_event(ledger.requested(newer))
    assert ledger.pending() == newer


def test_partitions_do_not_see_each_other(instance: dg.DagsterInstance, ledger: Ledger) -> None:
    instance.report_runless_asset_event(Ledger(instance, KEY, "current_month").requested(EXPORT))
    assert ledger.pending() is None


def test_observations_of_others_do_not_hide_a_pending_export(
    instance: dg.DagsterInstance, ledger: Ledger
) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    for _ in range(3):
        instance.report_runless_asset_event(dg.AssetObservation(KEY, partition="last_month"))
    assert ledger.pending() == EXPORT


def test_exports_since_the_last_materialization_are_counted(
    instance: dg.DagsterInstance, ledger: Ledger
) -> None:
    instance.report_runless_asset_event(ledger.requested(EXPORT))
    loaded(instance, EXPORT.export_id)
    for export_id in ("c3", "d4"):
        instance.report_runless_asset_event(ledger.requested(replace(EXPORT, export_id=export_id)))
    assert ledger.requests_since_materialization() == 2


def test_a_fingerprint_tells_requests_apart_and_not_the_order_of_their_keys() -> None:
    base = fingerprint_of("https://app.pipefy.com", "automation jobs", {"a": 1, "b": 2})
    assert base == fingerprint_of("https://app.pipefy.com/", "automation jobs", {"b": 2, "a": 1})
    for spelling in (
        "https://app.pipefy.com/graphql",
        "HTTPS://App.Pipefy.com/",
        " https://app.pipefy.com:443/graphql/graphql/ ",
    ):
        assert base == fingerprint_of(spelling, "automation jobs", {"a": 1, "b": 2})
    assert base != fingerprint_of("no address", "automation jobs", {"a": 1, "b": 2})
    assert base != fingerprint_of("https://app.pipefy.com", "automation jobs", {"a": 1, "b": 3})
    assert base != fingerprint_of("https://app.pipefy.com", "organization report", {"a": 1, "b": 2})
    assert base != fingerprint_of("https://other.pipefy.com", "automation jobs", {"a": 1, "b": 2})
