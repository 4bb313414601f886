"""The YAML says all that the dataclasses say, and says it as they do."""

from dataclasses import dataclass, field, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml
from component.their_project import TYPE, TheirProject
from jsonschema import Draft202012Validator

from pipefy_exports_dagster import (
    AutomationJobs,
    Connection,
    Lake,
    PipefyExportsComponent,
    PipefyExportsConfig,
    PipeReport,
    PollPolicy,
    ReadOptions,
    Report,
    Schedule,
    Schedules,
    Wait,
)
from pipefy_exports_dagster.component.sections import section_of
from pipefy_exports_dagster.component.yaml_file import configurations_in
from pipefy_exports_dagster.config.descriptions import descriptions, setting_fields
from pipefy_exports_dagster.config.discovery import DefsState, ReportDiscovery

SECTIONS = (
    AutomationJobs,
    Connection,
    DefsState,
    Lake,
    ReportDiscovery,
    PipeReport,
    PipefyExportsConfig,
    PollPolicy,
    ReadOptions,
    Report,
    Schedule,
    Schedules,
)

JOBS = ("automation_jobs_export", "automation_jobs_history")
EVERYTHING = f"""
type: {TYPE}
attributes:
  organization_id: 300514001
  key_prefix: crm/acme
  connection:
    base_url: https://api.example.com
    client_id_env: ACME_CLIENT_ID
    client_secret_env: ACME_CLIENT_SECRET
    download_hosts: [files.example.com]
  automation_jobs:
    last_3_months_window: complete
    reading: {{column_types: {{Duration: DOUBLE}}, decimal_mark: ",", date_format: "%d/%m/%Y"}}
  reports:
    - name: purchases
      organization_report_id: "{{{{ env('NOWHERE', '17') }}}}"
      pipe_ids: [1, 2]
      columns: [title, created_at]
      filter: {{operator: and, queries: [{{field: title, operator: eq, value: "007"}}]}}
      sort_by: {{field: title, direction: asc}}
      period_field: finished_at
      time_column: created_at
  pipe_reports:
    - {{name: expenses, pipe_id: 301000002, pipe_report_id: 300800103, columns: [title], period_field: ""}}
  database: warehouse.duckdb
  timezone: America/Sao_Paulo
  schedules:
    last_month: {{enabled: true, cron: "0 16 * * *"}}
    history_sensor: true
  wait: deferred
  polling: {{timeout_s: 60}}
  history_start: 2025-03
  owners: ["team:data"]
"""


def test_a_yaml_means_what_the_same_configuration_means_in_python(theirs: TheirProject) -> None:
    theirs.write(EVERYTHING)
    assert configurations_in(theirs.yaml) == [
        PipefyExportsConfig(
            organization_id="300514001",
            key_prefix=("crm", "acme"),
            connection=Connection(
                base_url="https://api.example.com",
                client_id_env="ACME_CLIENT_ID",
                client_secret_env="ACME_CLIENT_SECRET",
                download_hosts=("files.example.com",),
            ),
            automation_jobs=AutomationJobs(
                last_3_months_window="complete",
                reading=ReadOptions({"Duration": "DOUBLE"}, ",", "%d/%m/%Y"),
            ),
            reports=(
                Report(
                    name="purchases",
                    organization_report_id=17,
                    pipe_ids=(1, 2),
                    columns=("title", "created_at"),
                    filter={
                        "operator": "and",
                        "queries": [{"field": "title", "operator": "eq", "value": "007"}],
                    },
                    sort_by={"field": "title", "direction": "asc"},
                    period_field="finished_at",
                    time_column="created_at",
                ),
            ),
            pipe_reports=(PipeReport("expenses", 301000002, 300800103, columns=("title",), period_field=""),),
            data_dir=theirs.root / "data",
            database=theirs.root / "warehouse.duckdb",
            timezone="America/Sao_Paulo",
            schedules=Schedules(last_month=Schedule(enabled=True, cron="0 16 * * *"), history_sensor=True),
            wait=Wait.DEFERRED,
            polling=PollPolicy(timeout_s=60),
            history_start=date(2025, 3, 1),
            owners=("team:data",),
        )
    ]


@pytest.mark.parametrize(
    ("written", "sheets"),
    [
        ("all", "all"),
        ("[Cards, Cards 2]", ("Cards", "Cards 2")),
        ("[all]", ("all",)),
        ("['2026']", ("2026",)),
        ("[]", ()),
    ],
)
def test_the_sheets_to_load_are_a_list_or_all(
    theirs: TheirProject, written: str, sheets: str | tuple[str, ...]
) -> None:
    text = f"type: {TYPE}\nattributes: {{reports: [{{name: a, reading: {{sheets: {written}}}}}]}}\n"
    theirs.write(text)
    [config] = configurations_in(theirs.yaml)
    assert config.exports[1].reading.sheets == sheets
    assert problems_for_dg(text) == []
    assert {key.to_user_string() for key in theirs.load().resolve_all_asset_keys()} >= {"a", "a_history"}


def test_dagster_loads_the_same_configuration_from_a_file(theirs: TheirProject) -> None:
    theirs.write(EVERYTHING)
    [config] = configurations_in(theirs.yaml)
    definitions = theirs.load()
    keys = {key.to_user_string() for key in definitions.resolve_all_asset_keys()}
    assert keys == {
        f"crm/acme/{name}"
        for name in (*JOBS, "purchases", "purchases_history", "expenses", "expenses_history")
    }
    database = (definitions.resources or {})["crm__acme__pipefy_export_database"]
    assert Path(database.path) == config.database_path


def test_a_component_without_attributes_exports_automation_jobs(theirs: TheirProject) -> None:
    component = PipefyExportsComponent.from_attributes_dict(attributes={})
    assert component.config == PipefyExportsConfig()
    theirs.write(f"type: {TYPE}\n")
    assert {key.to_user_string() for key in theirs.load().resolve_all_asset_keys()} == {
        "automation_jobs_export",
        "automation_jobs_history",
    }


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_is_described_where_it_stands_and_in_the_schema(section: type) -> None:
    said = descriptions(section)
    assert [field.name for field in setting_fields(section) if not said.get(field.name)] == []
    schema = section_of(section).model_json_schema()
    assert schema["properties"].keys() == said.keys()
    assert {name: entry["description"] for name, entry in schema["properties"].items()} == said


def problems_for_dg(text: str) -> list[str]:
    """What `dg check yaml` finds: it looks at the schema, before anything is loaded."""
    validator = Draft202012Validator(section_of(PipefyExportsConfig).model_json_schema())
    attributes = yaml.safe_load(text).get("attributes", {})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(attributes)]


def test_the_schema_takes_what_loads_and_names_the_keys_where_one_is_wrong() -> None:
    assert problems_for_dg(EVERYTHING) == []
    assert problems_for_dg("attributes: {automation_jobs: false, history_start: 2025-03-01}") == []
    [problem] = problems_for_dg("attributes: {reports: [{colums: [title]}]}")
    assert problem.startswith("$.reports[0]: 'colums' is not one of ['allow_wider_rows', 'columns', ")
    [problem] = problems_for_dg("attributes: {reports: [{organization_report_id: [1]}]}")
    assert problem == ("$.reports[0].organization_report_id: [1] is not of type 'integer', 'null', 'string'")


def test_every_section_of_the_configuration_is_looked_at() -> None:
    reached: set[type] = set()
    left: list[Any] = [PipefyExportsConfig]
    while left:
        section = left.pop()
        reached.add(section)
        hints = get_type_hints(section)
        parts = [hints[each.name] for each in setting_fields(section)]
        while parts:
            part = parts.pop()
            parts += get_args(part)
            if is_dataclass(part):
                left.append(part)
    assert reached == set(SECTIONS)


def test_a_new_field_is_a_key_of_the_yaml_by_itself() -> None:
    @dataclass(frozen=True, slots=True)
    class Retention:
        """How long files stay.

        Args:
            keep_days: Days that a raw file stays;
                none for ever.
            kinds: Which.
        """

        keep_days: int | None = None
        kinds: tuple[str, ...] = field(default_factory=tuple)

    model = section_of(Retention)
    assert model.model_validate({"keep_days": 30, "kinds": ["csv"]}).build() == Retention(30, ("csv",))
    assert model.model_json_schema()["properties"]["keep_days"]["description"] == (
        "Days that a raw file stays; none for ever."
    )
