"""What the pages show of configurations is taken by the package as it stands."""

import re
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipefy_exports_dagster.cli.instance import shipped_dagster_yaml
from pipefy_exports_dagster.component.configurations import configurations
from pipefy_exports_dagster.config.reading import ALL_SHEETS
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports

DOCS = Path(__file__).parents[2] / "docs"
COMPONENT = "type: pipefy_exports_dagster.PipefyExportsComponent"


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def test_the_yaml_of_several_reports_and_organizations_defines_their_assets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPEFY_ORG_ID", "300514001")
    file = tmp_path / "defs.yaml"
    file.write_text("---\n".join(text for text in blocks("how-to.md", "yaml") if "organization_id:" in text))
    configs = configurations({"PIPEFY_EXPORTS_CONFIG": str(file), "PIPEFY_ORG_ID": "300514001"})
    assert [config.organization_id for config in configs] == ["300514001", "300514002"]
    assert [export.name for export in configs[0].exports[1:]] == ["open_purchases", "expenses"]
    assert [config.prefix for config in configs] == [(), ("acme",)]
    found = dg.Definitions.merge(*map(build_pipefy_exports, configs)).get_repository_def()
    names = {key.to_user_string() for key in found.assets_defs_by_key}
    assert {"open_purchases", "expenses_history", "acme/automation_jobs_export"} <= names
    assert found.has_job("acme__pipefy_exports")


def test_the_yaml_of_several_sheets_names_them_for_each_export(tmp_path: Path) -> None:
    [text] = [text for text in blocks("how-to.md", "yaml") if "sheets:" in text]
    file = tmp_path / "defs.yaml"
    file.write_text(text)
    [config] = configurations({"PIPEFY_EXPORTS_CONFIG": str(file)})
    assert config.automation_jobs
    assert config.automation_jobs.reading.sheets == ("Cards", "Cards (2)")
    assert [export.reading.sheets for export in config.exports[1:]] == [ALL_SHEETS]


def test_the_postgres_storage_is_a_key_that_the_shipped_instance_leaves_free() -> None:
    [storage] = [text for text in blocks("how-to.md", "yaml") if "postgres_db" in text]
    assert yaml.safe_load(storage).keys() == {"storage"}
    assert "storage" not in yaml.safe_load(shipped_dagster_yaml().read_text())


def test_the_services_run_what_is_installed() -> None:
    programs = set(re.findall(r"/\.venv/bin/([\w-]+)", "\n".join(blocks("how-to.md", "ini"))))
    assert programs == {"pipefy-exports", "dagster-webserver", "dagster-daemon"}
