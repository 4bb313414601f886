"""Where a component's YAML is silent about Pipefy and the account, variables say it, as for the code location."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from component.test_wrong_yaml import all_messages
from component.their_project import TYPE, TheirProject

from pipefy_exports_dagster import ConfigurationError, Connection, PipefyExportsComponent, PipefyExportsConfig
from pipefy_exports_dagster.component.configurations import configurations
from pipefy_exports_dagster.config.variables import VARIABLES
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, TOKEN, Sandbox

SANDBOX = {
    "PIPEFY_BASE_URL": "http://127.0.0.1:8321",
    "PIPEFY_ALLOW_INSECURE_URLS": "true",
    "PIPEFY_DOWNLOAD_HOSTS": "files.example.com",
    "PIPEFY_ORG_ID": ORGANIZATION_ID,
}
OF_SANDBOX = Connection(
    "http://127.0.0.1:8321", allow_insecure_urls=True, download_hosts=("files.example.com",)
)
DATA = {
    "PIPEFY_EXPORTS_DATA_DIR": "/srv/elsewhere",
    "PIPEFY_EXPORTS_DATABASE": "/srv/elsewhere.duckdb",
    "PIPEFY_EXPORTS_TIMEZONE": "America/Sao_Paulo",
    "PIPEFY_EXPORTS_WAIT": "deferred",
    "PIPEFY_EXPORTS_CHECKS": "false",
    "PIPEFY_EXPORTS_MIN_INTERVAL_S": "1",
    "PIPEFY_ORGANIZATION_REPORT_ID": "300700101",
    "PIPEFY_PIPE_ID": "301000001",
}
"""What the environment says of data and exports, which a YAML without it has the defaults of."""


def configured(attributes: str, folder: Path, environ: dict[str, str]) -> list[PipefyExportsConfig]:
    file = folder / "defs.yaml"
    documents = (f"type: {TYPE}\nattributes: {one}\n" for one in attributes.split(" --- "))
    file.write_text("---\n".join(documents))
    return list(configurations(environ | {"PIPEFY_EXPORTS_CONFIG": str(file)}))


def test_a_silent_yaml_is_connected_as_the_environment_says(tmp_path: Path) -> None:
    [config] = configured("{}", tmp_path, SANDBOX)
    assert config == PipefyExportsConfig(
        organization_id=ORGANIZATION_ID, connection=OF_SANDBOX, data_dir=tmp_path / "data"
    )


def test_dagster_reads_the_environment_when_it_loads_the_component(monkeypatch: pytest.MonkeyPatch) -> None:
    before = PipefyExportsComponent.from_attributes_dict(attributes={})
    for name, value in SANDBOX.items():
        monkeypatch.setenv(name, value)
    assert before.config == PipefyExportsConfig()
    loaded = PipefyExportsComponent.from_attributes_dict(attributes={}).config
    assert (loaded.organization_id, loaded.connection) == (ORGANIZATION_ID, OF_SANDBOX)


@pytest.mark.parametrize(
    ("attributes", "connection", "organization"),
    [
        pytest.param(
            "{connection: {base_url: https://api.example.com}}",
            Connection("https://api.example.com", download_hosts=("files.example.com",)),
            ORGANIZATION_ID,
            id="an address of its own is never insecure by a variable",
        ),
        pytest.param(
            "{connection: {base_url: 'http://127.0.0.1:9', allow_insecure_urls: true}, organization_id: 7}",
            Connection("http://127.0.0.1:9", allow_insecure_urls=True, download_hosts=("files.example.com",)),
            "7",
            id="a sandbox of its own",
        ),
        pytest.param(
            "{connection: {base_url: 'http://127.0.0.1:9'}, organization_id: 7}",
            Connection("http://127.0.0.1:9", allow_insecure_urls=True, download_hosts=("files.example.com",)),
            "7",
            id="a sandbox of its own, allowed by the variable",
        ),
        pytest.param(
            "{connection: {allow_insecure_urls: false, download_hosts: []}}",
            Connection("http://127.0.0.1:8321"),
            ORGANIZATION_ID,
            id="false and none are said as well",
        ),
        pytest.param("{organization_id: 7}", OF_SANDBOX, "7", id="another organization"),
        pytest.param("{organization_id: null}", OF_SANDBOX, None, id="no organization"),
        pytest.param(
            "{connection: {token_env: ACME_TOKEN}}",
            Connection(token_env="ACME_TOKEN"),
            None,
            id="another account's token does not go where the environment says",
        ),
        pytest.param(
            "{connection: {client_id_env: ACME_ID, client_secret_env: ACME_SECRET}}",
            Connection(client_id_env="ACME_ID", client_secret_env="ACME_SECRET"),
            None,
            id="another service account",
        ),
        pytest.param(
            "{connection: {base_url: https://api.example.com, token_env: ACME_TOKEN}, organization_id: 7}",
            Connection("https://api.example.com", "ACME_TOKEN"),
            "7",
            id="another account at an address of its own",
        ),
        pytest.param(
            "{organization_id: \"{{ env('ACME_ORG_ID', '') }}\"}",
            OF_SANDBOX,
            "",
            id="a variable of its own that is empty",
        ),
        pytest.param(
            "{connection: {token_env: PIPEFY_TOKEN}}",
            OF_SANDBOX,
            ORGANIZATION_ID,
            id="the usual account by its name",
        ),
        pytest.param("{connection: {request_timeout_s: 60}}", OF_SANDBOX, ORGANIZATION_ID, id="another key"),
    ],
)
def test_what_the_yaml_says_wins(
    attributes: str, connection: Connection, organization: str | None, tmp_path: Path
) -> None:
    [config] = configured(attributes, tmp_path, SANDBOX)
    assert (config.connection, config.organization_id) == (connection, organization)


def test_a_variable_that_cannot_be_used_does_not_disturb_another_account(tmp_path: Path) -> None:
    said = "{connection: {token_env: ACME_TOKEN}}"
    wrong = {"PIPEFY_ALLOW_INSECURE_URLS": "maybe", "PIPEFY_DOWNLOAD_HOSTS": "com"}
    assert configured(said, tmp_path, wrong) == configured(said, tmp_path, {})


def test_two_organizations_of_one_yaml_keep_apart(tmp_path: Path) -> None:
    acme = "{key_prefix: acme, organization_id: 7, connection: {token_env: ACME_TOKEN}}"
    ours, theirs = configured(f"{{}} --- {acme}", tmp_path, SANDBOX)
    assert (ours.organization_id, theirs.organization_id) == (ORGANIZATION_ID, "7")
    assert (ours.connection, theirs.connection) == (OF_SANDBOX, Connection(token_env="ACME_TOKEN"))


def test_where_data_lies_and_what_is_exported_stay_the_yamls(tmp_path: Path) -> None:
    [config] = configured("{}", tmp_path, DATA)
    assert config == PipefyExportsConfig(data_dir=tmp_path / "data")


def test_a_component_that_ran_beside_the_example_environment_is_as_it_was(tmp_path: Path) -> None:
    """What .env.example holds where nobody changed it, beside a component that has said all of it since."""
    said = "{organization_id: 7, connection: {base_url: https://app.pipefy.com, download_hosts: [a.example.com]}}"
    example = {v.name: v.example for v in VARIABLES if v.example is not None}
    assert configured(said, tmp_path, example) == configured(said, tmp_path, {})
    [silent] = configured("{}", tmp_path, example)
    assert silent == PipefyExportsConfig(data_dir=tmp_path / "data")


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("PIPEFY_ALLOW_INSECURE_URLS", "maybe", "{connection: {allow_insecure_urls: false}}"),
        ("PIPEFY_DOWNLOAD_HOSTS", "com", "{connection: {download_hosts: [a.example.com]}}"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_unless_the_yaml_has_the_key(
    variable: str, value: str, key: str, theirs: TheirProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=variable) as caught:
        configured("{}", theirs.root, {variable: value})
    assert len(str(caught.value).splitlines()) == 1
    assert configured(key, theirs.root, {variable: value}) == configured(key, theirs.root, {})
    monkeypatch.setenv(variable, value)
    theirs.write(f"type: {TYPE}\n")
    with pytest.raises(Exception) as loading:  # noqa: PT011 - Dagster wraps it in errors of its own
        theirs.load()
    assert variable in all_messages(loading.value)


def test_every_variable_of_the_connection_is_taken() -> None:
    taken = {variable.name for variable in VARIABLES if variable.is_for_components}
    assert taken == {variable.name for variable in VARIABLES if variable.section == "Connection"} | {
        "PIPEFY_ORG_ID"
    }


def test_dg_launches_a_silent_yaml_on_the_sandbox_of_a_dotenv(
    theirs: TheirProject, start_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = start_sandbox(jobs=50, cards=50, processing_seconds=0)
    settings = {
        "PIPEFY_BASE_URL": sandbox.url,
        "PIPEFY_ALLOW_INSECURE_URLS": "true",
        "PIPEFY_ORG_ID": ORGANIZATION_ID,
        "PIPEFY_TOKEN": TOKEN,
    }
    (theirs.root / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    theirs.write(f"type: {TYPE}\nattributes: {{checks: false, history: false, read_copy: false}}\n")
    home = theirs.root / "home"
    home.mkdir()
    launched = theirs.dg(
        "launch", "--assets", "automation_jobs_export", "--partition", "last_month", home=home
    )
    assert launched.returncode == 0, launched.stdout + launched.stderr
    with duckdb.connect(theirs.root / "data" / "pipefy_exports.duckdb", read_only=True) as connection:
        [(rows,)] = connection.execute("SELECT count(*) FROM automation_jobs_export").fetchall()
    assert rows == len(sandbox.world.automation_jobs("last_month", organization_id=ORGANIZATION_ID).rows)
