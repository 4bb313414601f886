"""`pipefy-exports doctor`: each misconfiguration is found, and the line says what to do."""

import dataclasses
import json
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from cli.shell import Shell, error_of, held
from filelock import FileLock
from support.project import JOBS, REPORT
from support.raw_places import objects
from support.servers import Bucket
from support.stores import over_all_stores
from support.warm_commands import PIPEFY_EXPORTS

from pipefy_exports_dagster.cli.doctor.account import check_credentials
from pipefy_exports_dagster.cli.doctor.examination import examine
from pipefy_exports_dagster.clock import SystemClock
from pipefy_exports_dagster.config.exports import AutomationJobs, Report
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    MEMBER_TOKEN,
    ORGANIZATION_ID,
    REPORT_ID,
    RESTRICTED_TOKEN,
    SECOND_ORGANIZATION_ID,
    TOKEN,
    Sandbox,
)

ACCOUNT = {
    "PIPEFY_TOKEN": "",
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": CLIENT_ID,
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": CLIENT_SECRET,
}
SERVICE_ACCOUNT = "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID"


def wrong(shell: Shell, **environment: str) -> dict[str, str]:
    """The messages of what is wrong, by what was looked at."""
    return stated(shell, "error", exit_code=1, **environment)


def stated(shell: Shell, state: str, *, exit_code: int, **environment: str) -> dict[str, str]:
    found = shell.json("doctor", exit_code=exit_code, **environment)
    assert found["ok"] is (exit_code == 0)
    return {one["check"]: one["message"] for one in found["findings"] if one["state"] == state}


def test_with_everything_right_it_ends_with_0_and_little_work(shell: Shell) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = shell.start("doctor")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert all(line.startswith("ok ") for line in lines[:-1]), result.stdout
    assert lines[-1] == "all is well"
    assert f"Exemplo Indústria e Comércio S.A. ({ORGANIZATION_ID})" in result.stdout
    assert "accepts the credentials of Ana Beatriz Gonçalves" in result.stdout
    assert TOKEN not in result.stdout
    # Of CPU: how long it takes on a busy machine is not its matter.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


@pytest.mark.parametrize(
    ("environment", "check", "says"),
    [
        pytest.param(
            {"PIPEFY_TOKEN": ""},
            "credentials",
            f"no Pipefy credentials: set {SERVICE_ACCOUNT} and PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET, or PIPEFY_TOKEN",
            id="no credentials",
        ),
        pytest.param(
            ACCOUNT | {"PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": ""},
            "credentials",
            "set PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET",
            id="half of a service account",
        ),
        pytest.param(
            {"PIPEFY_TOKEN": f"Bearer {TOKEN}"},
            "credentials",
            "copy the token again, without the word Bearer",
            id="a token with more than the token",
        ),
        pytest.param({"PIPEFY_TOKEN": "wrong-token"}, "account", "check PIPEFY_TOKEN", id="wrong token"),
        pytest.param(
            ACCOUNT | {"PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": "wrong-secret"},
            "account",
            f"Pipefy refuses the service account: check {SERVICE_ACCOUNT}",
            id="wrong client secret",
        ),
        pytest.param(
            {"PIPEFY_ORG_ID": ""},
            "organization",
            "set `organization_id` (PIPEFY_ORG_ID)",
            id="no organization",
        ),
        pytest.param(
            {"PIPEFY_ORG_ID": "42"},
            "organization",
            "does not know organization 42: correct `organization_id` (PIPEFY_ORG_ID). The credentials see "
            f"{ORGANIZATION_ID}",
            id="unknown organization",
        ),
        pytest.param(
            {"PIPEFY_ORG_ID": "acme"},
            "organization",
            "it is the number after /organizations/",
            id="organization id that is no number",
        ),
        pytest.param(
            {"PIPEFY_TOKEN": RESTRICTED_TOKEN},
            "organization",
            "correct `organization_id` (PIPEFY_ORG_ID), or use credentials of one of its administrators. The "
            f"credentials see {SECOND_ORGANIZATION_ID}",
            id="a token that may not see the organization",
        ),
        pytest.param(
            {"PIPEFY_TOKEN": MEMBER_TOKEN},
            JOBS,
            "let an administrator make the service account or token",
            id="a token that may not export automation jobs",
        ),
        pytest.param(
            {"PIPEFY_ORGANIZATION_REPORT_ID": "99"},
            REPORT,
            "does not know the saved report 99: correct `organization_report_id` (PIPEFY_ORGANIZATION_REPORT_ID) "
            "(`pipefy-exports reports` lists",
            id="unknown report",
        ),
        pytest.param(
            {"PIPEFY_ORGANIZATION_REPORT_ID": "cards"},
            "settings",
            "use a number. The saved report: the number at the end of its page's address.",
            id="report id that is no number",
        ),
        pytest.param(
            {"PIPEFY_BASE_URL": "http://127.0.0.1:9"},
            "address",
            "nothing answers at http://127.0.0.1:9",
            id="base URL that nothing answers",
        ),
        pytest.param(
            {"PIPEFY_ALLOW_INSECURE_URLS": "false"},
            "address",
            "use https, or set `allow_insecure_urls` (PIPEFY_ALLOW_INSECURE_URLS) to true",
            id="base URL without https",
        ),
        pytest.param(
            {"PIPEFY_EXPORTS_TIMEZONE": "Sao Paulo"},
            "settings",
            "use a name such as 'UTC' or 'America/Sao_Paulo'",
            id="unknown time zone",
        ),
        pytest.param(
            {"DAGSTER_HOME": "data/dagster"},
            "Dagster",
            "DAGSTER_HOME is 'data/dagster', a relative path",
            id="relative DAGSTER_HOME",
        ),
    ],
)
def test_a_misconfiguration_is_found_and_its_remedy_named(
    shell: Shell, environment: dict[str, str], check: str, says: str
) -> None:
    found = wrong(shell, **environment)
    assert list(found) == [check], "nothing else is wrong"
    assert says in found[check]
    assert "secret" not in found[check].lower().replace("client_secret", "")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://app..pipefy.com", "is not a web address; use https://app.pipefy.com"),
        ("https://xn--.pipefy.com", "is not a web address; use https://app.pipefy.com"),
        (f"https://{'a' * 64}.pipefy.com", "is not a web address; use https://app.pipefy.com"),
        ("https://app.pipefy.com:0", "is not a web address; use https://app.pipefy.com"),
        ("https://[::1", "is not a web address; use https://app.pipefy.com"),
        ("http://sandbox:8000", "leads to another machine, where the API token would travel in clear"),
    ],
)
def test_an_address_that_libraries_stumble_over_is_one_line(shell: Shell, address: str, says: str) -> None:
    assert says in wrong(shell, PIPEFY_BASE_URL=address)["address"]
    told = shell.run("doctor", PIPEFY_BASE_URL=address)
    assert (told.exit_code, "Traceback" in told.output) == (1, False)
    assert says in error_of(shell.run("reports", PIPEFY_BASE_URL=address))


def test_a_download_suffix_that_is_open_to_all_is_named(shell: Shell) -> None:
    found = wrong(shell, PIPEFY_DOWNLOAD_HOSTS="files.example.com, com")
    assert "holds 'com', under which anybody can have a host" in found["settings"]


def test_an_address_without_a_pipefy_is_found(shell: Shell, pipefy: Sandbox) -> None:
    found = wrong(shell, PIPEFY_BASE_URL=f"{pipefy.url}/elsewhere")
    assert "no GraphQL API answers there; check `base_url` (PIPEFY_BASE_URL)" in found["account"]


def test_several_things_are_found_at_once(shell: Shell) -> None:
    found = wrong(shell, PIPEFY_EXPORTS_TIMEZONE="Sao Paulo", PIPEFY_ORG_ID="42", DAGSTER_HOME="x")
    assert set(found) == {"settings", "organization", "Dagster"}


def test_what_depends_on_something_wrong_is_skipped(shell: Shell) -> None:
    skipped = stated(shell, "skipped", exit_code=1, PIPEFY_TOKEN="wrong")
    assert list(skipped) == ["organization", JOBS, REPORT]
    skipped = stated(shell, "skipped", exit_code=1, PIPEFY_BASE_URL="http://127.0.0.1:9")
    assert list(skipped) == ["account", "organization", JOBS, REPORT]


@pytest.mark.parametrize(("hours", "says"), [(1, "1 h 0 min ahead of"), (-1, "1 h 0 min behind")])
def test_a_clock_that_is_wrong_by_an_hour_is_found(
    shell: Shell, start_sandbox: Callable[..., Sandbox], hours: int, says: str
) -> None:
    sandbox = start_sandbox()
    sandbox.clock.set(SystemClock().now() - timedelta(hours=hours))
    found = wrong(shell, PIPEFY_BASE_URL=sandbox.url)
    assert list(found) == ["clock"], "and all else is looked at"
    assert f"this machine's clock is {says} Pipefy's: set it, best by NTP" in found["clock"]


def test_a_token_and_a_service_account_together_are_found(shell: Shell) -> None:
    (shell.project.root / ".env").write_text(
        f"PIPEFY_TOKEN={TOKEN}\nPIPEFY_SERVICE_ACCOUNT_CLIENT_ID={CLIENT_ID}\n"
        f"PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET={CLIENT_SECRET}\n"
    )
    found = stated(shell, "warn", exit_code=0)
    assert "the token wins" in found["credentials"]
    assert "Remove PIPEFY_TOKEN to use the other" in found["credentials"]


def test_the_credentials_of_a_connection_are_looked_at_by_their_own_names() -> None:
    ours = {"PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": CLIENT_ID, "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": "x"}
    theirs = {"ACME_TOKEN": "x", "ACME_ID": CLIENT_ID, "ACME_SECRET": "x"}
    [found] = check_credentials(Connection(token_env="ACME_TOKEN"), ours | {"ACME_TOKEN": "x"})
    assert found.state == "warn"
    assert "Remove ACME_TOKEN to use the other" in found.message
    names = Connection(token_env="ACME_TOKEN", client_id_env="ACME_ID", client_secret_env="ACME_SECRET")
    [found] = check_credentials(names, theirs)
    assert "there is a token and ACME_ID and ACME_SECRET" in found.message
    [found] = check_credentials(names, ours | {"ACME_TOKEN": "x"})
    assert found.state == "ok"


def test_a_variable_that_differs_between_env_file_and_environment_is_found(shell: Shell) -> None:
    (shell.project.root / ".env").write_text(f"PIPEFY_ORG_ID={SECOND_ORGANIZATION_ID}\n")
    found = stated(shell, "warn", exit_code=0)
    assert "PIPEFY_ORG_ID has another value in .env than in the environment; .env wins" in found["settings"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("PIPEFY_ORGANIZATION_ID", "if PIPEFY_ORG_ID is meant, rename it"),
        ("PIPEFY_MCP_SERVER", None),  # of another program
        ("PIPEFY_EXPORTS_TIME_ZONE", "if PIPEFY_EXPORTS_TIMEZONE is meant, rename it"),
        ("PIPEFY_EXPORTS_COLOUR", "is no setting of this version"),
    ],
)
def test_a_misspelt_setting_is_found(shell: Shell, name: str, says: str | None) -> None:
    found = stated(shell, "warn", exit_code=0, **{name: "1"})
    assert (says in found["settings"]) if says else not found


def findings_of(shell: Shell, config: PipefyExportsConfig, state: str) -> dict[str, str]:
    found = examine(config, shell.environment, clock=SystemClock())
    return {finding.check: finding.message for finding in found if finding.state == state}


def with_report(shell: Shell, **arguments: Any) -> PipefyExportsConfig:
    report = Report(organization_report_id=int(REPORT_ID) + 1, **arguments)
    return dataclasses.replace(shell.project.config, reports=(report,))


def test_a_configured_column_that_the_saved_report_lacks_is_found(shell: Shell) -> None:
    found = findings_of(shell, with_report(shell, columns=("title", "forneceder")), "error")
    assert list(found) == [REPORT]
    assert "'Compras em aberto' (300700102) lacks 'forneceder' of the configured `columns`" in found[REPORT]
    assert "(is 'fornecedor' meant?)" in found[REPORT]
    assert "add them to the report in Pipefy" in found[REPORT]
    assert not findings_of(shell, with_report(shell, columns=("title", "fornecedor")), "error")


def test_a_pipe_that_the_saved_report_does_not_cover_is_found(shell: Shell) -> None:
    found = findings_of(shell, with_report(shell, pipe_ids=(301000004,)), "warn")
    assert "does not cover '301000004' of the configured `pipe_ids`; it has 301000000" in found[REPORT]


def test_a_saved_filter_that_cannot_be_sent_along_is_found(shell: Shell) -> None:
    legacy = Report(organization_report_id=int(REPORT_ID) + 10)
    config = dataclasses.replace(shell.project.config, reports=(legacy,))
    said = "has a filter of its own that cannot be sent along"
    assert said in findings_of(shell, config, "error")[REPORT]
    wider = dataclasses.replace(legacy, allow_wider_rows=True)
    config = dataclasses.replace(shell.project.config, reports=(wider,))
    assert said in findings_of(shell, config, "warn")[REPORT]


def test_a_filter_of_the_configuration_that_pipefy_would_refuse_is_found(shell: Shell) -> None:
    found = findings_of(shell, with_report(shell, filter={"current_phase": "done"}), "error")
    assert "report filter" in found[REPORT]


def test_a_report_that_is_not_configured_is_said(shell: Shell) -> None:
    found = stated(shell, "warn", exit_code=0, PIPEFY_ORGANIZATION_REPORT_ID="")
    assert "set `organization_report_id` (PIPEFY_ORGANIZATION_REPORT_ID)" in found[REPORT]


def test_a_member_learns_that_reports_hold_their_own_pipes_only(shell: Shell) -> None:
    found = stated(shell, "warn", exit_code=1, PIPEFY_TOKEN=MEMBER_TOKEN)
    assert "the cards of their own pipes only" in found[REPORT]


@over_all_stores
def test_a_column_that_the_loaded_table_lacks_is_found(shell: Shell) -> None:
    shell.project.execute(f"CREATE TABLE {JOBS} (status VARCHAR, started_at TIMESTAMP)")
    shell.project.execute(f"COMMENT ON COLUMN {JOBS}.started_at IS 'Iniciado em'")
    for name, is_there in (("started_at", True), ("Iniciado em", True), ("started", False)):
        jobs = AutomationJobs(time_column=name, reading=ReadOptions(column_types={name: "DATE"}))
        config = dataclasses.replace(shell.project.config, automation_jobs=jobs)
        found = findings_of(shell, config, "error")
        assert bool(found) is not is_there
    assert "`column_types` names 'started', which its table does not have: correct it" in found[JOBS]


@pytest.mark.parametrize("for_writing", [True, False])
def test_a_database_that_another_process_holds_is_found(shell: Shell, *, for_writing: bool) -> None:
    duckdb.connect(shell.project.database).close()
    with held(shell.project.database, for_writing=for_writing) as pid:
        found = wrong(shell)
    assert list(found) == ["database"]
    assert re.search(rf"process {pid} \(python[0-9.]*\)", found["database"])
    assert "Close it there" in found["database"]
    assert "the read copy" in found["database"]
    assert shell.json("doctor")["ok"]


@pytest.mark.parametrize(("version", "writer"), [(99, "a newer DuckDB"), (39, "an older DuckDB")])
def test_a_database_of_another_duckdb_is_found(shell: Shell, version: int, writer: str) -> None:
    path = shell.project.database
    duckdb.connect(path).close()
    content = bytearray(path.read_bytes())
    content[12:20] = version.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(duckdb.Error, match="checksum") as refused:
        duckdb.connect(path)
    checksum = re.search(r"computed checksum (\d+)", str(refused.value))
    assert checksum
    content[:8] = int(checksum[1]).to_bytes(8, "little")
    path.write_bytes(content)
    found = wrong(shell)["database"]
    assert f"was written by {writer} (storage version {version})" in found
    assert "rebuild-history" in found


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" * 5000])
def test_a_file_that_is_no_database_is_found(shell: Shell, content: bytes) -> None:
    shell.project.database.write_bytes(content)
    found = wrong(shell)["database"]
    assert "no DuckDB database" in found or "not a DuckDB database" in found
    assert "`database` (PIPEFY_EXPORTS_DATABASE) names the file" in found


def test_a_data_folder_that_is_a_file_is_found(shell: Shell) -> None:
    (shell.project.root / "taken").touch()
    folder = str(shell.project.root / "taken" / "data")
    found = wrong(shell, PIPEFY_EXPORTS_DATA_DIR=folder)
    assert (
        "taken is a file, and a folder is needed: move it away, or set `data_dir` (PIPEFY_EXPORTS_DATA_DIR)"
        in (found["data folder"])
    )


def test_a_folder_that_may_not_be_written_is_found(shell: Shell) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("root is refused nothing, and setpriv is not here to change that")
    shell.project.data_dir.chmod(0o555)
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    result = subprocess.run(
        [*command, PIPEFY_EXPORTS, "doctor"],
        env=shell.environment,
        cwd=shell.project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    shell.project.data_dir.chmod(0o755)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "error    data folder" in result.stdout
    assert "cannot be written (Permission denied): give this user the right to" in result.stdout


def test_partitions_that_are_being_worked_on_are_named(shell: Shell) -> None:
    folder = shell.project.data_dir / "locks" / ORGANIZATION_ID / JOBS
    folder.mkdir(parents=True)
    with FileLock(folder / "last_month.lock"):
        # In a process of its own: the lock is this one's.
        result = shell.start("doctor", "--json")
    found = {one["check"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["runs"]["state"] == "ok"
    assert f"working now: {JOBS} last_month" in found["runs"]["message"]


def test_no_export_is_created(shell: Shell, start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox()
    assert shell.json("doctor", PIPEFY_BASE_URL=sandbox.url)["ok"]
    assert sandbox.stats.exports.total() == 0
    assert set(sandbox.stats.requests) == {"lookup"}


def test_an_export_that_was_made_proves_the_permission(shell: Shell, loaded: Shell) -> None:
    assert "only an export would prove it" in stated(shell, "ok", exit_code=0)[JOBS]
    proof = r"Pipefy made one on \d{4}-\d\d-\d\d"
    assert re.search(proof, stated(loaded, "ok", exit_code=0)[JOBS])
    # Also of a role that would not be trusted with it.
    assert re.search(proof, stated(loaded, "ok", exit_code=0, PIPEFY_TOKEN=MEMBER_TOKEN)[JOBS])


def test_nothing_is_left_in_the_folders(shell: Shell) -> None:
    fresh = shell.project.root / "fresh"
    shell.json("doctor", PIPEFY_EXPORTS_DATA_DIR=str(fresh), PIPEFY_EXPORTS_DATABASE="")
    assert not fresh.exists()
    assert shell.project.leftovers() == []


def test_raw_files_in_a_bucket_are_tried_and_what_is_missing_is_named(shell: Shell, bucket: Bucket) -> None:
    at = {**bucket.environment, "PIPEFY_EXPORTS_RAW_FILES": f"{bucket.address}/raw"}
    [said] = [
        one for one in shell.json("doctor", exit_code=0, **at)["findings"] if one["check"] == "raw files"
    ]
    assert said["state"] == "ok"
    assert said["message"].startswith(f"{bucket.address}/raw at 127.0.0.1:")
    assert "was written, listed, read and deleted" in said["message"]
    assert objects(f"{bucket.address}/raw") == {}
    assert (
        "AWS_SECRET_ACCESS_KEY is not set" in wrong(shell, **at | {"AWS_SECRET_ACCESS_KEY": ""})["raw files"]
    )
    elsewhere = wrong(shell, **at | {"PIPEFY_EXPORTS_RAW_FILES": "s3://no-such-bucket"})
    assert "there is no bucket 'no-such-bucket'" in elsewhere["raw files"]
    assert len(elsewhere) == 1, "the other checks went on"
