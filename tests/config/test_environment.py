from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.exports import AutomationJobs, PipeReport, Report
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig, PollPolicy, Wait
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.config.sizes import bytes_of
from pipefy_exports_dagster.config.stores import Lake, Locks
from pipefy_exports_dagster.config.variables import VARIABLES
from pipefy_exports_dagster.errors import ConfigurationError


def test_an_empty_environment_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPEFY_ORG_ID", "1")
    assert config_from_environment({}) == PipefyExportsConfig(reports=(Report(),))


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPEFY_ORG_ID", "1")
    assert config_from_environment().organization_id == "1"


def test_every_variable_is_read(tmp_path: Path) -> None:
    given = {
        "PIPEFY_BASE_URL": " http://127.0.0.1:8000 ",
        "PIPEFY_ORG_ID": "300",
        "PIPEFY_ALLOW_INSECURE_URLS": "True",
        "PIPEFY_DOWNLOAD_HOSTS": "a.example.com, *.B.example.com  .c.example.com",
        "PIPEFY_EXPORTS_DATA_DIR": str(tmp_path / "data"),
        "PIPEFY_EXPORTS_DATABASE": str(tmp_path / "x.duckdb"),
        "PIPEFY_EXPORTS_TIMEZONE": "America/Sao_Paulo",
        "PIPEFY_EXPORTS_HISTORY_START": "2026-08",
        "PIPEFY_ORGANIZATION_REPORT_ID": "42",
        "PIPEFY_EXPORTS_MIN_INTERVAL_S": "2.5",
        "PIPEFY_EXPORTS_ALLOW_WIDER_ROWS": "yes",
        "PIPEFY_PIPE_ID": "301",
        "PIPEFY_PIPE_REPORT_ID": "43",
        "PIPEFY_EXPORTS_READ_COPY": "off",
        "PIPEFY_EXPORTS_SHOW_VALUES": "false",
        "PIPEFY_EXPORTS_CHECKS": "no",
        "PIPEFY_EXPORTS_RAW_RETENTION_DAYS": "365",
        "PIPEFY_EXPORTS_WAIT": "deferred",
        "PIPEFY_EXPORTS_MAX_MEMORY_BYTES": "2GB",
        "PIPEFY_EXPORTS_MAX_SECONDS": "90",
        "PIPEFY_EXPORTS_MAX_UNPACKED_BYTES": "3GB",
        "PIPEFY_EXPORTS_NOTIFY": "slack://s3cr3t/s3cr3t/s3cr3t",
        "PIPEFY_EXPORTS_UI_URL": "https://dagster.example.com/",
        "PIPEFY_EXPORTS_LOCKS": "Postgres",
        "PIPEFY_EXPORTS_RAW_FILES": "s3://exports/raw/",
        "PIPEFY_EXPORTS_LAKE_DATA_PATH": "s3://exports/lake",
        "PIPEFY_EXPORTS_LAKE_CATALOG": "postgres",
        "PIPEFY_EXPORTS_LAKE_CATALOG_ENV": "LAKE_CATALOG",
    }
    assert {variable.name for variable in VARIABLES if variable.section} == given.keys()
    reading = ReadOptions(max_memory_bytes=2 * 10**9, max_seconds=90, max_unpacked_bytes=3 * 10**9)
    config = config_from_environment(given)
    assert config == PipefyExportsConfig(
        organization_id="300",
        connection=Connection(
            base_url="http://127.0.0.1:8000",
            allow_insecure_urls=True,
            download_hosts=("a.example.com", "b.example.com", "c.example.com"),
        ),
        automation_jobs=AutomationJobs(reading=reading),
        reports=(Report(organization_report_id=42, reading=reading, allow_wider_rows=True),),
        pipe_reports=(PipeReport(pipe_id=301, pipe_report_id=43, reading=reading, allow_wider_rows=True),),
        polling=PollPolicy(min_interval_s=2.5),
        data_dir=tmp_path / "data",
        database=tmp_path / "x.duckdb",
        timezone="America/Sao_Paulo",
        history_start=date(2026, 8, 1),
        read_copy=False,
        show_values=False,
        checks=False,
        raw_retention_days=365,
        wait=Wait.DEFERRED,
        notify=("PIPEFY_EXPORTS_NOTIFY",),
        locks=Locks.POSTGRES,
        raw_files="s3://exports/raw",
        lake=Lake(data_path="s3://exports/lake", catalog_env="LAKE_CATALOG"),
        ui_url="https://dagster.example.com",
    )
    assert str(config.zone) == "America/Sao_Paulo"


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
        "PIPEFY_EXPORTS_NOTIFY": "slack://s3cr3t/s3cr3t/s3cr3t",
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
        ("PIPEFY_EXPORTS_HISTORY_START", "2026-13"),
        ("PIPEFY_EXPORTS_HISTORY_START", "August"),
        ("PIPEFY_EXPORTS_HISTORY_START", "2026"),
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
        ("PIPEFY_EXPORTS_RAW_RETENTION_DAYS", "999999"),
        ("PIPEFY_EXPORTS_MAX_MEMORY_BYTES", "much"),
        ("PIPEFY_EXPORTS_MAX_MEMORY_BYTES", "0"),
        ("PIPEFY_EXPORTS_MAX_MEMORY_BYTES", "-1GB"),
        ("PIPEFY_EXPORTS_MAX_UNPACKED_BYTES", "8 TB of it"),
        ("PIPEFY_EXPORTS_MAX_SECONDS", "nan"),
        ("PIPEFY_EXPORTS_MAX_SECONDS", "0"),
        ("PIPEFY_EXPORTS_MAX_SECONDS", "1e400"),
        ("PIPEFY_DOWNLOAD_HOSTS", "https://files.example.com"),
        ("PIPEFY_DOWNLOAD_HOSTS", "files.example.com:443"),
        ("PIPEFY_DOWNLOAD_HOSTS", "files.example.com/x"),
        ("PIPEFY_DOWNLOAD_HOSTS", "*"),
        ("PIPEFY_DOWNLOAD_HOSTS", "."),
        ("PIPEFY_DOWNLOAD_HOSTS", "fïles.example.com"),
        ("PIPEFY_EXPORTS_UI_URL", "dagster.example.com"),
        ("PIPEFY_EXPORTS_UI_URL", "https://user:password@dagster.example.com"),
        ("PIPEFY_EXPORTS_UI_URL", "https://dagster.example.com:port"),
        ("PIPEFY_EXPORTS_UI_URL", "javascript://dagster.example.com"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        config_from_environment({name: value})


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"min_interval_s": 61}, "min_interval_s"),
        ({"min_interval_s": 20, "max_interval_s": 10}, "min_interval_s"),
    ],
)
def test_the_longest_pause_is_no_shorter_than_the_shortest(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^`{named}` "):
        PollPolicy(**values)


def test_wider_rows_are_allowed_for_both_kinds_of_reports() -> None:
    wider = {"PIPEFY_EXPORTS_ALLOW_WIDER_ROWS": "true"}
    assert config_from_environment(wider).pipe_reports == ()
    config = config_from_environment(wider | {"PIPEFY_PIPE_ID": "1", "PIPEFY_PIPE_REPORT_ID": "2"})
    assert [export.allow_wider_rows for export in config.exports[1:]] == [True, True]  # type: ignore[union-attr]


def test_a_longest_pause_alone_may_be_under_the_default_shortest() -> None:
    assert PollPolicy(max_interval_s=3) == PollPolicy(min_interval_s=3, max_interval_s=3)


def test_the_environment_sets_the_limits_of_reading_for_all_exports() -> None:
    config = config_from_environment(
        {
            "PIPEFY_EXPORTS_MAX_MEMORY_BYTES": "4GB",
            "PIPEFY_EXPORTS_MAX_SECONDS": "1800.5",
            "PIPEFY_EXPORTS_MAX_UNPACKED_BYTES": "20000000000",
        }
    )
    reading = ReadOptions(
        max_memory_bytes=4_000_000_000, max_seconds=1800.5, max_unpacked_bytes=20_000_000_000
    )
    assert config.automation_jobs
    assert [config.automation_jobs.reading, *(export.reading for export in config.exports[1:])] == [
        reading
    ] * 2


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4 * 10**9),
        ("4 gb", 4 * 10**9),
        ("4G", 4 * 10**9),
        ("512MiB", 512 * 2**20),
        ("1.5 GB", 1_500_000_000),
        ("1800000000", 1_800_000_000),
        ("12 bytes", 12),
        ("4 elephants", None),
        ("-4GB", None),
        ("GB", None),
        ("1e9", None),
        ("nan", None),
        ("9" * 5000, None),
    ],
)
def test_a_size_is_read_as_people_write_it(text: str, size: int | None) -> None:
    assert bytes_of(text) == size


def test_one_column_in_place_of_a_list_is_refused() -> None:
    columns: Any = "title"
    with pytest.raises(ConfigurationError, match=r"\['title'\]"):
        Report(columns=columns)
