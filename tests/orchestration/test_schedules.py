"""What the schedules do on a given day, by the event log of a real instance."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

import dagster as dg
import pytest

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.config.schedules import Schedule, Schedules
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.events import EXPORT_ID, REQUESTED_MONTH
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport

ASSETS = ("automation_jobs_export", "organization_report_export")
DEFINITIONS = build_pipefy_exports(PipefyExportsConfig(reports=[Report()]))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def loaded(instance: dg.DagsterInstance, asset: str, month: str, **facts: str) -> None:
    metadata = {EXPORT_ID: f"{asset}-{month}", REQUESTED_MONTH: month} | {
        f"pipefy/{name}": value for name, value in facts.items()
    }
    instance.report_runless_asset_event(
        dg.AssetMaterialization(dg.AssetKey(asset), partition="last_month", metadata=metadata)
    )


def evaluate(
    instance: dg.DagsterInstance, name: str, day: datetime, definitions: dg.Definitions = DEFINITIONS
) -> dg.RunRequest | dg.SkipReason:
    repository = definitions.get_repository_def()
    schedule = repository.get_schedule_def(name)
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=day, repository_def=repository
    ) as context:
        result = schedule.evaluate_tick(context)
    if result.run_requests:
        [request] = result.run_requests
        return request
    assert result.skip_message
    return dg.SkipReason(result.skip_message)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=15, tzinfo=UTC)


def test_schedules_are_switched_on_and_timed_by_the_configuration(instance: dg.DagsterInstance) -> None:
    schedules = Schedules(
        last_month=Schedule(enabled=True, cron="30 16 * * *"),
        month_end_history=Schedule(enabled=True, cron="0 6 4 * *"),
        history_sensor=True,
    )
    definitions = build_pipefy_exports(PipefyExportsConfig(schedules=schedules))
    repository = definitions.get_repository_def()
    crons = {schedule.name: schedule.cron_schedule for schedule in repository.schedule_defs}
    assert crons == {
        "pipefy_last_month_schedule": "30 16 * * *",
        "pipefy_current_month_schedule": "0 15 * * *",
        "pipefy_month_end_history_schedule": "0 6 4 * *",
    }
    running = dg.DefaultScheduleStatus.RUNNING
    on = {schedule.name for schedule in repository.schedule_defs if schedule.default_status is running}
    assert on == {"pipefy_last_month_schedule", "pipefy_month_end_history_schedule"}
    sensor = repository.get_sensor_def("pipefy_history_sensor")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    moment = datetime(2026, 11, 4, 6, tzinfo=UTC)
    request = evaluate(instance, "pipefy_month_end_history_schedule", moment, definitions)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-10"


def test_the_monthly_schedule_asks_for_last_month_of_every_export(instance: dg.DagsterInstance) -> None:
    request = evaluate(instance, "pipefy_last_month_schedule", day("2026-11-01"))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "last_month"
    assert {key.to_user_string() for key in request.asset_selection or ()} == set(ASSETS)


def test_the_monthly_schedule_skips_with_its_reason_once_the_month_is_loaded(
    instance: dg.DagsterInstance,
) -> None:
    for asset in ASSETS:
        loaded(instance, asset, "2026-11-01")
    skipped = evaluate(instance, "pipefy_last_month_schedule", day("2026-11-02"))
    assert isinstance(skipped, dg.SkipReason)
    assert "2026-11" in (skipped.skip_message or "")


def test_a_missed_first_day_mends_itself_for_what_is_missing_only(instance: dg.DagsterInstance) -> None:
    loaded(instance, ASSETS[0], "2026-11-01")
    loaded(instance, ASSETS[1], "2026-10-01")
    request = evaluate(instance, "pipefy_last_month_schedule", day("2026-11-09"))
    assert isinstance(request, dg.RunRequest)
    assert [key.to_user_string() for key in request.asset_selection or ()] == [ASSETS[1]]


def test_a_new_month_asks_again(instance: dg.DagsterInstance) -> None:
    for asset in ASSETS:
        loaded(instance, asset, "2026-11-01")
    assert isinstance(evaluate(instance, "pipefy_last_month_schedule", day("2026-12-01")), dg.RunRequest)


REPORTED = PipefyExportsConfig(organization_id="301", reports=(Report(organization_report_id=7),))


def loaded_as_configured(instance: dg.DagsterInstance, config: PipefyExportsConfig) -> None:
    """What a run of each asset leaves behind, as far as the schedule looks at it."""
    period = Period(PeriodFilter.LAST_MONTH, date(2026, 11, 1))
    [report] = [export for export in config.exports if isinstance(export, Report)]
    kinds: dict[str, ExportKind] = {
        ASSETS[0]: AutomationJobsExport(config.organization_id),
        ASSETS[1]: OrganizationReportExport(config.organization_id, report),
    }
    for asset, kind in kinds.items():
        fingerprint = fingerprint_of(config.connection.base_url, kind.label, kind.request(period))
        facts = {"organization_id": str(config.organization_id), "fingerprint": fingerprint}
        loaded(instance, asset, "2026-11-01", **facts, dialect="input object")


def asked_for(instance: dg.DagsterInstance, config: PipefyExportsConfig) -> set[str]:
    result = evaluate(instance, "pipefy_last_month_schedule", day("2026-11-09"), build_pipefy_exports(config))
    if isinstance(result, dg.SkipReason):
        return set()
    return {key.to_user_string() for key in result.asset_selection or ()}


def test_what_was_loaded_as_configured_is_not_asked_for_again(instance: dg.DagsterInstance) -> None:
    loaded_as_configured(instance, REPORTED)
    assert asked_for(instance, REPORTED) == set()


def test_another_organization_is_asked_for_within_the_month(instance: dg.DagsterInstance) -> None:
    loaded_as_configured(instance, REPORTED)
    other = replace(REPORTED, organization_id="302")
    assert asked_for(instance, other) == set(ASSETS)
    loaded_as_configured(instance, other)
    assert asked_for(instance, other) == set()
    assert asked_for(instance, REPORTED) == set()


def test_another_report_is_asked_for_within_the_month_and_nothing_else(instance: dg.DagsterInstance) -> None:
    loaded_as_configured(instance, REPORTED)
    other = replace(REPORTED, reports=(Report(organization_report_id=8),))
    assert asked_for(instance, other) == {ASSETS[1]}


def test_the_address_may_be_written_in_another_way(instance: dg.DagsterInstance) -> None:
    loaded_as_configured(instance, REPORTED)
    other = replace(REPORTED, connection=Connection(base_url="https://APP.pipefy.com/graphql"))
    assert asked_for(instance, other) == set()


def test_an_address_that_is_refused_is_left_for_a_run_to_say(instance: dg.DagsterInstance) -> None:
    loaded_as_configured(instance, REPORTED)
    refused = replace(REPORTED, connection=Connection(base_url="http://app.pipefy.com"))
    assert asked_for(instance, refused) == set(ASSETS)


def test_a_file_that_a_person_has_loaded_counts(instance: dg.DagsterInstance) -> None:
    for asset in ASSETS:
        loaded(instance, asset, "2026-11-01", organization_id="301", fingerprint="f" * 32, dialect="file")
    assert asked_for(instance, REPORTED) == set()
    assert asked_for(instance, replace(REPORTED, organization_id="302")) == set(ASSETS)


def test_where_no_request_can_be_made_the_month_decides(instance: dg.DagsterInstance) -> None:
    loaded_as_configured(instance, REPORTED)
    assert asked_for(instance, replace(REPORTED, reports=(Report(),))) == set()


def test_each_day_has_a_run_key_of_its_own(instance: dg.DagsterInstance) -> None:
    keys = set()
    for number in (1, 2, 3):
        request = evaluate(instance, "pipefy_last_month_schedule", day(f"2026-11-{number:02}"))
        assert isinstance(request, dg.RunRequest)
        keys.add(request.run_key)
    assert len(keys) == 3


def test_the_daily_schedule_asks_for_the_current_month_of_everything(instance: dg.DagsterInstance) -> None:
    request = evaluate(instance, "pipefy_current_month_schedule", day("2026-11-22"))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "current_month"


def test_schedules_are_stopped_until_a_person_switches_them_on() -> None:
    for schedule in DEFINITIONS.get_repository_def().schedule_defs:
        assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


def test_at_15_utc_on_a_first_day_it_is_the_same_month_in_every_time_zone() -> None:
    firsts = [datetime(2026, month, 1, 15, tzinfo=UTC) for month in range(1, 13)]
    for name in available_timezones():
        months = [month_of(moment, ZoneInfo(name)) for moment in firsts]
        assert months == [moment.date().replace(day=1) for moment in firsts], name


@pytest.mark.parametrize("name", ["pipefy_last_month_schedule", "pipefy_current_month_schedule"])
def test_where_the_month_has_turned_already_the_last_day_is_skipped(
    instance: dg.DagsterInstance, name: str
) -> None:
    tokyo = build_pipefy_exports(PipefyExportsConfig(timezone="Asia/Tokyo"))
    skipped = evaluate(instance, name, day("2026-11-30"), tokyo)
    assert isinstance(skipped, dg.SkipReason)
    assert "it is 2026-12 in Asia/Tokyo and 2026-11 in UTC" in (skipped.skip_message or "")
    assert isinstance(evaluate(instance, name, day("2026-12-01"), tokyo), dg.RunRequest)
