"""Two configurations of one organization in one project: with a prefix and without, in one database."""

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner, Result
from component.their_project import TYPE, TheirProject
from support.project import Project

from pipefy_exports_dagster.cli.main import main
from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.raw_files.folder import RawFolder
from pipefy_exports_dagster.raw_files.sidecar import read_sidecar, write_sidecar
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, Sandbox

DOCUMENT = """
type: {type}
attributes:
  organization_id: "{{{{ env.PIPEFY_ORG_ID }}}}"
  key_prefix: [{prefix}]
  data_dir: "{{{{ env.PIPEFY_EXPORTS_DATA_DIR }}}}"
  connection: {{base_url: "{{{{ env.PIPEFY_BASE_URL }}}}", allow_insecure_urls: true}}
  automation_jobs: false
  polling: {{min_interval_s: 0.02}}
  reports:
    - {{name: cards, columns: [{columns}]}}
"""


@pytest.fixture
def project(
    theirs: TheirProject, start_sandbox: Callable[..., Sandbox], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    sandbox = start_sandbox(cards=60, processing_seconds=0, file_format="csv")
    theirs.write(
        DOCUMENT.format(type=TYPE, prefix="", columns="id, created_at")
        + "---"
        + DOCUMENT.format(type=TYPE, prefix="crm, acme", columns="id, title, created_at")
    )
    project = Project.for_sandbox(theirs.root, sandbox.url)
    project.environment["PIPEFY_EXPORTS_CONFIG"] = str(theirs.yaml)
    saved = dict(os.environ)
    os.environ.update(project.environment)
    monkeypatch.chdir(theirs.root)
    yield project
    os.environ.clear()
    os.environ.update(saved)


def run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, **options: Any
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job).execute_in_process(instance=instance, **options)


def rows_and_columns(database: Path, table: str) -> tuple[int, set[str]]:
    with duckdb.connect(database, read_only=True) as connection:
        result = connection.execute(f"SELECT * EXCLUDE (_file_row) FROM {table}")
        columns = {column[0] for column in result.description if not column[0].startswith("_")}
        return len(result.fetchall()), columns


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_they_share_a_database_and_no_table_file_or_export(theirs: TheirProject, project: Project) -> None:
    definitions = theirs.load()
    with project.instance() as instance:
        for prefix in ("", "crm__acme__"):
            run(definitions, instance, f"{prefix}pipefy_exports", partition_key="last_month")
        repository = definitions.get_repository_def()
        sensor = repository.get_sensor_def("crm__acme__pipefy_history_sensor")
        with dg.build_sensor_context(instance=instance, repository_def=repository) as context:
            [request] = sensor.evaluate_tick(context).run_requests or []
        assert request.asset_selection == [dg.AssetKey(["crm", "acme", "cards_history"])]
        run(
            definitions,
            instance,
            "crm__acme__pipefy_history",
            partition_key=request.partition_key,
            asset_selection=list(request.asset_selection),
            run_config=request.run_config,
        )
        assert instance.get_materialized_partitions(request.asset_selection[0]) == {request.partition_key}

    rows, columns = rows_and_columns(project.database, "main.cards")
    assert (rows > 0, columns) == (True, {"id", "criado_em"})
    assert rows_and_columns(project.database, "crm__acme.cards") == (rows, columns | {"titulo"})
    assert rows_and_columns(project.database, "crm__acme.cards_history")[0] == rows
    assert {path.parents[1].name for path in project.raw_files()} == {"cards", "crm__acme__cards"}
    assert len({sidecar["export_id"] for sidecar in project.sidecars()}) == 2

    rebuilt = command("rebuild-history", "--json")
    assert rebuilt.exit_code == 0, rebuilt.output
    tables = {history["table"] for history in json.loads(rebuilt.stdout)["histories"]}
    assert tables == {"cards_history", "crm__acme.cards_history"}


def test_a_file_is_loaded_into_the_asset_of_a_prefix(theirs: TheirProject, project: Project) -> None:
    file = theirs.root / "cards.csv"
    file.write_text("ID,Título\n1,a\n2,b\n")
    arguments = ("load", str(file), "--asset", "crm/acme/cards", "--partition", "last_month", "--json")
    planned = command(*arguments, "--dry-run")
    assert planned.exit_code == 0, planned.output
    assert not project.database.exists()
    for _ in range(2):  # the schema is there the second time
        loaded = command(*arguments)
        assert loaded.exit_code == 0, loaded.output
        assert {name: json.loads(loaded.stdout)[name] for name in ("schema", "table", "rows")} == {
            "schema": "crm__acme",
            "table": "cards",
            "rows": 2,
        }
    assert command(*arguments, "--dry-run").exit_code == 0
    assert rows_and_columns(project.database, "crm__acme.cards") == (2, {"id", "titulo"})
    assert len(project.materializations("crm/acme/cards", "last_month")) == 2
    assert project.materializations("cards", "last_month") == []
    unknown = command("load", str(file), "--asset", "acme/cards", "--partition", "last_month")
    assert unknown.exit_code == 2
    assert "is not one of cards, crm/acme/cards" in unknown.output


def test_the_commands_know_every_configuration_of_the_yaml(theirs: TheirProject, project: Project) -> None:
    definitions = theirs.load()
    with project.instance() as instance:
        for prefix in ("", "crm__acme__"):
            run(definitions, instance, f"{prefix}pipefy_exports", partition_key="last_month")
    listed = json.loads(command("exports", "--json").stdout)["exports"]
    assert {(export["asset"], export["state"]) for export in listed} == {
        ("cards", "loaded"),
        ("crm/acme/cards", "loaded"),
    }
    doctor = command("doctor", "--json")
    findings = json.loads(doctor.stdout)["findings"]
    assert doctor.exit_code == 0, findings
    assert "crm/acme data folder" in {finding["check"] for finding in findings}
    query = command("query", "SELECT count(*) FROM crm__acme.cards", "--format", "json")
    assert query.exit_code == 0, query.output
    organizations = json.loads(command("organizations", "--json").stdout)["organizations"]
    assert [one["id"] for one in organizations if one["is_configured"]] == [ORGANIZATION_ID]
    assert command("reports", "--json").exit_code == 0


@pytest.mark.usefixtures("project")
def test_a_yaml_that_cannot_be_used_is_what_the_doctor_finds(theirs: TheirProject) -> None:
    theirs.write(theirs.yaml.read_text().replace("cards", "the cards"))
    doctor = command("doctor", "--json")
    assert doctor.exit_code == 1
    [wrong] = [one for one in json.loads(doctor.stdout)["findings"] if one["state"] == "error"]
    assert f"attributes.reports.0.name at {theirs.yaml}:11: `name` is 'the cards'" in wrong["message"]


def test_a_file_whose_rows_are_in_the_table_of_a_prefix_is_not_pruned(
    theirs: TheirProject, project: Project
) -> None:
    definitions = theirs.load()
    with project.instance() as instance:
        run(definitions, instance, "crm__acme__pipefy_exports", partition_key="last_month")
    [path] = project.raw_files()
    loaded = read_sidecar(path)
    assert loaded
    long_ago = loaded.downloaded_at - timedelta(days=40)
    loaded = dataclasses.replace(loaded, downloaded_at=long_ago)
    write_sidecar(path, loaded)
    newer = dataclasses.replace(
        loaded, export_id="newer", exported_at=loaded.exported_at + timedelta(hours=1)
    )
    folder = RawFolder(path.parent)
    part = folder.part_path("newer", "run")
    part.write_bytes(path.read_bytes())
    folder.keep(part, newer)
    pruned = json.loads(command("prune", "--older-than", "30", "--json").stdout)
    assert pruned["deleted"] == []
    assert {file["export_id"]: file["reason"] for file in pruned["kept"]} == {
        loaded.export_id: "in_table",
        "newer": "newest",
    }


def test_a_prefix_names_everything_and_without_one_all_is_named_as_before() -> None:
    plain = PipefyExportsConfig(reports=[Report("cards")])
    names = names_in(build_pipefy_exports(plain))
    assert names == {
        "automation_jobs_export", "automation_jobs_history", "cards", "cards_history",
        "pipefy_exports", "pipefy_history", "pipefy_pending_exports_sensor", "pipefy_history_sensor",
        "pipefy_due_sensor", "pipefy_last_month_schedule", "pipefy_current_month_schedule",
        "pipefy_month_end_history_schedule", "pipefy", "pipefy_export_database", "pipefy_tables",
    }  # fmt: skip
    prefixed = dataclasses.replace(plain, key_prefix="crm/acme")
    assert names_in(build_pipefy_exports(prefixed)) == {f"crm__acme__{name}" for name in names}
    both = dg.Definitions.merge(build_pipefy_exports(plain), build_pipefy_exports(prefixed))
    assert len(names_in(both)) == 2 * len(names)


def names_in(definitions: dg.Definitions) -> set[str]:
    repository = definitions.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    instigators = {schedule.name for schedule in repository.schedule_defs}
    instigators |= {sensor.name for sensor in repository.sensor_defs}
    assets = {key.to_python_identifier() for key in definitions.resolve_all_asset_keys()}
    return jobs | instigators | assets | set(definitions.resources or {})
