"""Every configured export, in one object."""

from typing import get_args

import pytest

from pipefy_exports_dagster.cli.doctor.examination import EXPORT_CHECKS
from pipefy_exports_dagster.config.exports import ExportSettings, Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import EXPORT_TYPES, configured_exports
from pipefy_exports_dagster.orchestration.assets import RUN_CONFIGS, ExportRunConfig

CONFIG = PipefyExportsConfig(
    organization_id="301", key_prefix="crm/acme", reports=(Report(columns=("id",), key=("id",)),)
)


def test_the_automation_jobs_are_first_and_each_knows_its_names() -> None:
    jobs, report = configured_exports(CONFIG)
    assert (jobs.asset, jobs.asset_key) == (
        "crm/acme/automation_jobs_export",
        ("crm", "acme", "automation_jobs_export"),
    )
    assert (jobs.schema, jobs.table) == ("crm__acme", "automation_jobs_export")
    assert jobs.history == "/".join(jobs.history_key) == "crm/acme/automation_jobs_history"
    assert (jobs.row_key, jobs.period_field) == ((), None)
    assert (report.row_key, report.period_field) == (("id",), "created_at")
    assert configured_exports(PipefyExportsConfig(automation_jobs=None, reports=(Report(),)))[0].table == (
        "organization_report_export"
    )


def test_what_a_run_may_ask_for_is_the_same_in_the_launchpad_and_for_the_export() -> None:
    assert EXPORT_TYPES.keys() == RUN_CONFIGS.keys() == set(get_args(ExportSettings))
    for settings, export_type in EXPORT_TYPES.items():
        of_launchpad = RUN_CONFIGS[settings].model_fields.keys() - ExportRunConfig.model_fields.keys()
        assert of_launchpad == set(export_type.run_arguments)


def test_values_are_shown_where_the_configuration_and_the_export_allow_it() -> None:
    exports = (Report(), Report(name="hidden", reading=ReadOptions(show_values=False)))
    shown = configured_exports(PipefyExportsConfig(reports=exports))
    assert [export.reading.show_values for export in shown] == [True, True, False]
    hidden = configured_exports(PipefyExportsConfig(reports=exports, show_values=False))
    assert [export.reading.show_values for export in hidden] == [False] * 3


def test_doctor_asks_pipefy_about_each_export() -> None:
    assert EXPORT_CHECKS.keys() == EXPORT_TYPES.keys()


@pytest.mark.parametrize(
    ("position", "overrides", "says"),
    [
        (
            0,
            {"columns": ["id"]},
            r"automation_jobs_export was asked for with arguments .* not have: \['columns'\]",
        ),
        (
            1,
            {"columns": "id"},
            "organization_report_export was asked for with arguments .* not fit: `columns`",
        ),
    ],
)
def test_arguments_of_a_run_that_cannot_be_used_are_named(
    position: int, overrides: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        configured_exports(CONFIG)[position].kind(overrides=overrides)
