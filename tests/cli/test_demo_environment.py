"""The environment of the sandbox's own projects: nothing of a real account is in it."""

from pathlib import Path

import pytest

from pipefy_exports_dagster.cli.demo.environment import sandbox_environment
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig, PollPolicy
from pipefy_exports_dagster.config.variables import VARIABLES
from pipefy_exports_dagster.sandbox import well_known

URL = "http://127.0.0.1:1"


def test_every_setting_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable.name, "of the real account")
    environment = sandbox_environment(URL, tmp_path)
    assert "of the real account" not in environment.values()
    # A `.env` fills what has no value here, so each variable has one.
    assert {variable.name for variable in VARIABLES} <= environment.keys()
    assert config_from_environment(environment) == PipefyExportsConfig(
        organization_id=well_known.ORGANIZATION_ID,
        connection=Connection(base_url=URL, allow_insecure_urls=True),
        reports=(Report(organization_report_id=int(well_known.REPORT_ID)),),
        polling=PollPolicy(min_interval_s=0.5),
        data_dir=tmp_path,
    )
