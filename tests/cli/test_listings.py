"""`organizations`, `reports` and `exports`: what there is, for people and for scripts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from cli.shell import Shell, error_of
from support.project import JOBS, REPORT
from support.raw_places import files_of
from support.stores import over_all_stores

from pipefy_exports_dagster.orchestration.events import EXPORT_ID, RequestedExport
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.sandbox import (
    FORBIDDEN_ORGANIZATION_ID,
    MEMBER_TOKEN,
    ORGANIZATION_ID,
    REPORT_ID,
    RESTRICTED_TOKEN,
    SECOND_ORGANIZATION_ID,
    Sandbox,
)


def test_organizations_are_listed_with_role_and_the_configured_one_marked(shell: Shell) -> None:
    found = shell.json("organizations", PIPEFY_TOKEN=MEMBER_TOKEN)["organizations"]
    assert [(one["id"], one["role"], one["is_configured"]) for one in found] == [
        (ORGANIZATION_ID, "member", True),
        (SECOND_ORGANIZATION_ID, "member", False),
    ]
    lines = shell.run("organizations").stdout.splitlines()
    assert lines[0].split() == ["id", "name", "role", "plan", "members", "pipes", "configured"]
    assert lines[1].startswith(f"{ORGANIZATION_ID}  Exemplo Indústria e Comércio S.A.")
    assert lines[1].endswith("*")
    assert len(lines) == 3


def test_reports_of_all_pages_are_listed_with_the_asset_that_exports_them(
    shell: Shell, start_sandbox: Callable[..., Sandbox]
) -> None:
    url = start_sandbox(reports=120, cards=5).url
    found = shell.json("reports", PIPEFY_BASE_URL=url)
    ids = [one["id"] for one in found["reports"]]
    assert found["organization_id"] == ORGANIZATION_ID
    assert ids == [str(int(REPORT_ID) + number) for number in range(120)]
    assert [one["assets"] for one in found["reports"]][:2] == [[REPORT], []]
    assert found["reports"][0]["card_count"] == 5


def test_reports_of_another_organization(shell: Shell) -> None:
    lines = shell.run("reports", "--organization-id", SECOND_ORGANIZATION_ID).stdout.splitlines()
    assert len(lines) == 13
    assert str(int(REPORT_ID) + 1000) in lines[1]


def test_all_about_one_report(shell: Shell) -> None:
    report = str(int(REPORT_ID) + 2)
    found = shell.json("reports", report, PIPEFY_ORGANIZATION_REPORT_ID=report)
    assert found["columns"][-1] == "valor_total"
    assert found["pipes"] == {"301000002": "Reembolso de despesas"}
    assert found["filter"]["queries"][0]["field"] == "valor_total"
    assert found["sort_by"] == {"field": "valor_total", "direction": "desc"}
    assert found["assets"] == [REPORT]
    assert "Reembolsos acima de R$ 1.000" in shell.run("reports", report).stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["organizations"], {"PIPEFY_TOKEN": ""}, "no Pipefy credentials"),
        (["organizations"], {"PIPEFY_TOKEN": "wrong"}, "check PIPEFY_TOKEN"),
        (["organizations"], {"PIPEFY_BASE_URL": "http://127.0.0.1:9"}, "no connection"),
        (["organizations"], {"PIPEFY_EXPORTS_TIMEZONE": "nowhere"}, "is not a time zone"),
        (["reports"], {"PIPEFY_ORG_ID": ""}, "set `organization_id` (PIPEFY_ORG_ID)"),
        (["reports"], {"PIPEFY_ORG_ID": FORBIDDEN_ORGANIZATION_ID}, "Pipefy denies permission"),
        (["reports"], {"PIPEFY_TOKEN": RESTRICTED_TOKEN}, "Pipefy denies permission"),
        (
            ["reports", "99"],
            {},
            "does not know the saved report '99' of an organization; `pipefy-exports reports` lists",
        ),
    ],
)
def test_an_error_is_one_line_and_an_object_for_scripts(
    shell: Shell, arguments: list[str], environment: dict[str, str], says: str
) -> None:
    assert says in error_of(shell.run(*arguments, **environment))
    assert says in shell.json(*arguments, exit_code=1, **environment)["error"]["message"]


def test_a_report_and_an_organization_together_are_wrong_usage(shell: Shell) -> None:
    assert shell.run("reports", REPORT_ID, "--organization-id", ORGANIZATION_ID).exit_code == 2


@over_all_stores
def test_exports_are_listed_with_what_became_of_them(loaded: Shell) -> None:
    exports = loaded.json("exports")["exports"]
    assert [(one["asset"], one["partition"], one["state"]) for one in exports] == [
        (JOBS, "last_month", "loaded"),
        (JOBS, "current_month", "loaded"),
    ]
    sidecars = {raw.sidecar.export_id: raw.sidecar for raw in files_of(loaded.project)}
    assert {one["export_id"] for one in exports} == set(sidecars)
    assert exports[0]["requested_at"] == sidecars[exports[0]["export_id"]].requested_at.isoformat()
    assert exports[0]["loaded_rows"] == loaded.project.tables()[JOBS, "last_month"]
    assert exports[0]["run_id"]
    assert not loaded.json("exports", "--pending")["exports"]
    assert loaded.run("exports", "--pending").stdout == "No export is pending.\n"


def request(loaded: Shell, export_id: str) -> RequestedExport:
    """An export as a run of the present configuration asks for it."""
    config, now = loaded.project.config, datetime.now(UTC)
    month = month_of(now, config.zone)
    kind = AutomationJobsExport(config.organization_id)
    asked = kind.request(Period(PeriodFilter.LAST_MONTH, month))
    return RequestedExport(
        export_id=export_id,
        fingerprint=fingerprint_of(config.connection.base_url, kind.label, asked),
        request=asked,
        requested_at=now,
        requested_month=month,
        dialect="documented",
    )


def test_pending_superseded_and_abandoned_exports_are_told_apart(loaded: Shell) -> None:
    with loaded.project.instance() as instance:
        ledger = Ledger(instance, dg.AssetKey(JOBS), "last_month")
        for name in ("lost", "failed", "asked"):
            instance.report_runless_asset_event(ledger.requested(request(loaded, name)))
            if name == "failed":
                instance.report_runless_asset_event(ledger.abandoned(name, "Pipefy reports it as failed"))
    states = {one["export_id"]: one for one in loaded.json("exports")["exports"]}
    assert {name: states[name]["state"] for name in ("lost", "failed", "asked")} == {
        "lost": "superseded",
        "failed": "abandoned",
        "asked": "pending",
    }
    assert states["failed"]["reason"] == "Pipefy reports it as failed"
    assert states["asked"]["reason"] is None
    assert [one["export_id"] for one in loaded.json("exports", "--pending", "--limit", "1")["exports"]] == [
        "asked"
    ]
    assert "asked" in loaded.run("exports").stdout


def test_a_pending_export_that_will_not_be_resumed_says_why(loaded: Shell) -> None:
    old = request(loaded, "old")
    month = old.requested_month - timedelta(days=1)
    old = replace(
        old,
        requested_at=old.requested_at - timedelta(days=40),
        requested_month=date(month.year, month.month, 1),
    )
    with loaded.project.instance() as instance:
        ledger = Ledger(instance, dg.AssetKey(JOBS), "last_month")
        instance.report_runless_asset_event(ledger.requested(old))
    [found] = loaded.json("exports", "--pending")["exports"]
    assert found["reason"].startswith("the next run asks for another: it was requested in")


def test_a_pending_export_is_listed_however_many_are_newer(loaded: Shell) -> None:
    with loaded.project.instance() as instance:
        ledger = Ledger(instance, dg.AssetKey(JOBS), "last_3_months")
        old = request(loaded, "old")
        old = replace(old, requested_at=old.requested_at - timedelta(hours=2))
        instance.report_runless_asset_event(ledger.requested(old))
    found = loaded.json("exports", "--limit", "1")["exports"]
    assert [one["export_id"] == "old" for one in found] == [False, True]


def test_a_file_that_was_loaded_by_hand_is_listed(loaded: Shell) -> None:
    file = loaded.project.root / "mail.csv"
    file.write_text("a,b\n1,x\n")
    result = loaded.run("load", str(file), "--asset", REPORT, "--partition", "last_month")
    assert result.exit_code == 0, result.output
    found = next(one for one in loaded.json("exports")["exports"] if one["asset"] == REPORT)
    assert (found["state"], found["loaded_rows"], found["run_id"]) == ("loaded", 1, None)
    assert found["export_id"].startswith("file-")


def test_without_an_event_log_there_are_no_exports_and_none_is_made(shell: Shell) -> None:
    home = shell.project.root / "nowhere"
    result = shell.run("exports", DAGSTER_HOME=str(home))
    assert (result.exit_code, result.stdout) == (
        0,
        f"No export of a configured asset is in the event log of {home}.\n",
    )
    assert not home.exists()


def test_what_others_log_for_the_asset_is_passed_over(loaded: Shell) -> None:
    with loaded.project.instance() as instance:
        for metadata in ({}, {"pipefy/status": "requested"}, {EXPORT_ID: "x"}):
            instance.report_runless_asset_event(
                dg.AssetObservation(dg.AssetKey(JOBS), partition="last_month", metadata=metadata)
            )
        instance.report_runless_asset_event(
            dg.AssetMaterialization(dg.AssetKey(JOBS), partition="last_month")
        )
    assert len(loaded.json("exports")["exports"]) == 2
