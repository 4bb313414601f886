"""One YAML, two organizations, automation jobs and a report of each, one database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from component.their_project import TYPE, TheirProject

from pipefy_exports_dagster.raw_files.sidecar import read_sidecar
from pipefy_exports_dagster.sandbox import (
    ORGANIZATION_ID,
    SECOND_ORGANIZATION_ID,
    TOKEN,
    ReportRequest,
    Sandbox,
)

PREFIXES = {"industria": ORGANIZATION_ID, "servicos": SECOND_ORGANIZATION_ID}
DATABASE = "warehouse/pipefy.duckdb"


def document(prefix: str, sandbox: Sandbox) -> str:
    reports = "".join(
        f"    - name: report_{number}\n      organization_report_id: {report.id}\n"
        for number, report in enumerate(sandbox.world.reports(PREFIXES[prefix])[:1], 1)
    )
    return f"""
type: {TYPE}
attributes:
  organization_id: {PREFIXES[prefix]}
  key_prefix: {prefix}
  database: {DATABASE}
  data_dir: pipefy
  read_copy: false
  connection:
    base_url: "{{{{ env.SANDBOX_URL }}}}"
    token_env: THEIR_TOKEN
    allow_insecure_urls: true
  polling: {{min_interval_s: 0.02}}
  reports:
{reports}"""


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(jobs=120, cards=400, processing_seconds=0, file_format="csv")


def test_two_organizations_of_one_yaml_are_loaded_into_one_database(
    theirs: TheirProject, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_URL", sandbox.url)
    monkeypatch.setenv("THEIR_TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)  # relative paths start at the project, wherever its processes are started
    theirs.write("---".join(document(prefix, sandbox) for prefix in PREFIXES))
    definitions = theirs.load()

    rows: dict[tuple[str, str], int] = {}
    with dg.DagsterInstance.ephemeral() as instance:
        for prefix in PREFIXES:
            job = definitions.resolve_job_def(f"{prefix}__pipefy_exports")
            result = job.execute_in_process(instance=instance, partition_key="last_month")
            for event in result.get_asset_materialization_events():
                materialization = event.materialization
                count: Any = materialization.metadata["dagster/row_count"].value
                schema, name = materialization.asset_key.path
                rows[schema, name] = count
    assert len(rows) == 4
    assert tables(theirs.root / DATABASE) == rows
    assert rows == expected_rows(theirs.root / "pipefy" / "raw", sandbox)
    assert sum(rows.values()) > 0


def tables(database: Path) -> dict[tuple[str, str], int]:
    with duckdb.connect(database, read_only=True) as connection:
        found = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        return {
            (schema, table): connection.execute(f"SELECT count(*) FROM {schema}.{table}").fetchall()[0][0]
            for schema, table in found
        }


def expected_rows(raw: Path, sandbox: Sandbox) -> dict[tuple[str, str], int]:
    """What Pipefy has for each request, by the requests that are in the archive."""
    expected = {}
    for path in raw.rglob("*.csv"):
        sidecar = read_sidecar(path)
        assert sidecar
        prefix, name = sidecar.asset.split("/")
        assert sidecar.organization_id == PREFIXES[prefix]
        request: dict[str, Any] = dict(sidecar.request)
        if name == "automation_jobs_export":
            table = sandbox.world.automation_jobs("last_month", organization_id=sidecar.organization_id)
        else:
            table = sandbox.world.organization_report(
                ReportRequest(
                    sidecar.organization_id,
                    report_id=str(request["organizationReportId"]),
                    filter=request["filter"],
                )
            )
        expected[prefix, name] = len(table.rows)
    return expected
