from pathlib import Path
from typing import Any

import pytest

from pipefy_exports_dagster.config import Connection, PipefyExportsConfig, PollPolicy, Report
from pipefy_exports_dagster.environment import config_from_environment
from pipefy_exports_dagster.errors import ConfigurationError


def test_an_empty_environment_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPEFY_ORG_ID", "1")
    assert config_from_environment({}) == PipefyExportsConfig(reports=(Report(),))


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPEFY_ORG_ID", "1")
    assert config_from_environment().organization_id == "1"


def test_every_variable_is_read(tmp_path: Path) -> None:
    config = config_from_environment(
        {
            "PIPEFY_BASE_URL": " http://127.0.0.1:8000 ",
            "PIPEFY_ORG_ID": "300",
            "PIPEFY_ALLOW_INSECURE_URLS": "True",
            "PIPEFY_DOWNLOAD_HOSTS": "a.example.com, *.B.example.com  .c.example.com",
            "PIPEFY_EXPORTS_DATA_DIR": str(tmp_path / "data"),
            "PIPEFY_EXPORTS_DATABASE": str(tmp_path / "x.duckdb"),
            "PIPEFY_EXPORTS_TIMEZONE": "America/Sao_Paulo",
            "PIPEFY_ORGANIZATION_REPORT_ID": "42",
            "PIPEFY_EXPORTS_READ_COPY": "off",
            "PIPEFY_EXPORTS_SHOW_VALUES": "false",
            "PIPEFY_EXPORTS_CHECKS": "no",
            "PIPEFY_EXPORTS_RAW_RETENTION_DAYS": "365",
        }
    )
    assert config == PipefyExportsConfig(
        organization_id="300",
        connection=Connection(
            base_url="http://127.0.0.1:8000",
            allow_insecure_urls=True,
            download_hosts=("a.example.com", "b.example.com", "c.example.com"),
        ),
        reports=(Report(organization_report_id=42),),
        data_dir=tmp_path / "data",
        database=tmp_path / "x.duckdb",
        timezone="America/Sao_Paulo",
        read_copy=False,
        show_values=False,
        checks=False,
        raw_retention_days=365,
    )
    assert str(config.zone) == "America/Sao_Paulo"


def test_every_export_s_files_are_read_without_showing_values_if_one_says_so_for_all() -> None:
    config = PipefyExportsConfig(reports=(Report(), Report(name="other")), show_values=False)
    assert config.automation_jobs
    readings = [config.automation_jobs.reading, *(report.reading for report in config.reports)]
    assert [reading.show_values for reading in readings] == [False] * 3
    assert PipefyExportsConfig(reports=(Report(),)).reports[0].reading.show_values


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_variable_counts_as_not_set(value: str) -> None:
    assert config_from_environment(
        {"PIPEFY_ORG_ID": value, "PIPEFY_EXPORTS_DATA_DIR": value}
    ) == config_from_environment({})


def test_the_configuration_holds_no_credentials() -> None:
    environ = {
        "PIPEFY_TOKEN": "s3cr3t",
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": "s3cr3t",
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": "s3cr3t",
    }
    assert "s3cr3t" not in repr(config_from_environment(environ))


def test_paths_do_not_follow_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = PipefyExportsConfig(data_dir=Path("d"), database=Path("e/x.duckdb"))
    monkeypatch.chdir("/")
    assert config.data_dir == tmp_path / "d"
    assert config.database_path == tmp_path / "e/x.duckdb"


def test_the_database_is_in_the_data_folder_unless_named(tmp_path: Path) -> None:
    assert PipefyExportsConfig(data_dir=tmp_path).database_path == tmp_path / "pipefy_exports.duckdb"
    assert PipefyExportsConfig(data_dir=Path("~/x")).data_dir == Path.home() / "x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PIPEFY_ALLOW_INSECURE_URLS", "maybe"),
        ("PIPEFY_EXPORTS_READ_COPY", "2"),
        ("PIPEFY_EXPORTS_SHOW_VALUES", "nein"),
        ("PIPEFY_EXPORTS_CHECKS", "2"),
        ("PIPEFY_EXPORTS_RAW_RETENTION_DAYS", "0"),
        ("PIPEFY_EXPORTS_RAW_RETENTION_DAYS", "a year"),
        ("PIPEFY_EXPORTS_RAW_RETENTION_DAYS", "-30"),
        ("PIPEFY_ORGANIZATION_REPORT_ID", "abc"),
        ("PIPEFY_ORGANIZATION_REPORT_ID", "²"),
        ("PIPEFY_ORGANIZATION_REPORT_ID", "-1"),
        ("PIPEFY_ORGANIZATION_REPORT_ID", "9" * 5000),
        ("PIPEFY_EXPORTS_TIMEZONE", "Sao Paulo"),
        ("PIPEFY_EXPORTS_TIMEZONE", "../../etc/passwd"),
        ("PIPEFY_EXPORTS_TIMEZONE", "America"),
        ("PIPEFY_EXPORTS_TIMEZONE", "/etc/localtime"),
        ("PIPEFY_DOWNLOAD_HOSTS", "https://files.example.com"),
        ("PIPEFY_DOWNLOAD_HOSTS", "files.example.com:443"),
        ("PIPEFY_DOWNLOAD_HOSTS", "files.example.com/x"),
        ("PIPEFY_DOWNLOAD_HOSTS", "*"),
        ("PIPEFY_DOWNLOAD_HOSTS", "."),
        ("PIPEFY_DOWNLOAD_HOSTS", "fïles.example.com"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        config_from_environment({name: value})


@pytest.mark.parametrize(
    "values",
    [
        {"min_interval_s": 0},
        {"min_interval_s": -1},
        {"min_interval_s": 31},
        {"max_interval_s": 0.5},
        {"fraction": -0.1},
        {"timeout_s": -1},
        {"min_interval_s": float("nan")},
    ],
)
def test_a_poll_policy_that_would_not_pause_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        PollPolicy(**values)


@pytest.mark.parametrize(
    "name", ["request_timeout_s", "max_answer_bytes", "max_download_bytes", "download_timeout_s"]
)
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    limits: dict[str, Any] = {name: 0}
    with pytest.raises(ConfigurationError, match=name):
        Connection(**limits)


def test_one_column_in_place_of_a_list_is_refused() -> None:
    columns: Any = "title"
    with pytest.raises(ConfigurationError, match=r"\['title'\]"):
        Report(columns=columns)
