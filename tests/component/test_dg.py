"""Dagster's own command line, as people run it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from component.their_project import TYPE, TheirProject, run_dg

import pipefy_exports_dagster
from pipefy_exports_dagster.component.scaffolder import PipefyExportsScaffolder
from pipefy_exports_dagster.periods import first_month_in_reach

REPOSITORY = Path(pipefy_exports_dagster.__file__).parents[1]


def names(listed: str, kind: str) -> list[str]:
    return sorted(entry.get("asset_key") or entry["name"] for entry in json.loads(listed)[kind])


def test_scaffolded_components_are_found_checked_and_listed(theirs: TheirProject) -> None:
    scaffolded = theirs.dg("scaffold", "defs", TYPE, "my_pipefy")
    assert scaffolded.returncode == 0, scaffolded.stderr
    assert "organization_id:" in theirs.yaml.read_text()

    PipefyExportsScaffolder().scaffold(
        dg.ScaffoldRequest(TYPE, theirs.yaml, "yaml", theirs.root, params=None, append=True)
    )
    first = first_month_in_reach(datetime.now(UTC).date().replace(day=1))
    assert f"\n  history_start: {first:%Y-%m}\n" in theirs.yaml.read_text()

    checked = theirs.dg("check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "All definitions loaded successfully." in checked.stdout + checked.stderr

    listed = theirs.dg("list", "defs", "--json")
    assert listed.returncode == 0, listed.stderr
    assert names(listed.stdout, "assets") == [
        f"{prefix}automation_jobs_{kind}" for prefix in ("another/", "") for kind in ("export", "history")
    ]


def test_this_repository_is_a_clean_project_of_dg() -> None:
    checked = run_dg("check", "defs", cwd=REPOSITORY, python_path=REPOSITORY)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = run_dg("list", "defs", "--json", cwd=REPOSITORY, python_path=REPOSITORY)
    assert listed.returncode == 0, listed.stderr
    assert "automation_jobs_export" in names(listed.stdout, "assets")
    assert names(listed.stdout, "jobs") == ["pipefy_exports", "pipefy_history"]
