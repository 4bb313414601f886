"""Reports that are found by themselves, in somebody's `dg` project: kept state, names, and what changes."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from component.their_project import TYPE, TheirProject

from pipefy_exports_dagster import PipefyExportsConfig, build_pipefy_exports
from pipefy_exports_dagster.cli.main import main as cli
from pipefy_exports_dagster.component.defs_state import kept_reports, local_state_path
from pipefy_exports_dagster.component.yaml_file import configurations_in
from pipefy_exports_dagster.config.discovery import FoundReport, ReportDiscovery
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, PIPE_REPORT_ID, REPORT_ID, TOKEN, Sandbox

DISCOVERS = """type: {type}
attributes:
  organization_id: {organization}
  connection: {{base_url: "{url}", allow_insecure_urls: true, token_env: THEIR_TOKEN}}
  polling: {{min_interval_s: 0.05}}
  reports: {reports}
  pipe_reports: {pipe_reports}
"""
ALL = "{discover: true}"
LEFT_OUT = "['*cards', '*1.000', 'Support*', Contas a vencer, Novos*]"
AMOUNTS = "reembolsos_acima_de_r_1_000"


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """Forty reports in six pipes, and some of the organization."""
    return start_sandbox(jobs=20, cards=60, pipes=6, pipe_reports=40, reports=6)


@pytest.fixture
def write(theirs: TheirProject, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setenv("THEIR_TOKEN", TOKEN)

    def write(reports: str = ALL, pipe_reports: str = ALL, *, more: str = "", url: str = sandbox.url) -> None:
        text = DISCOVERS.format(
            type=TYPE, organization=ORGANIZATION_ID, url=url, reports=reports, pipe_reports=pipe_reports
        )
        theirs.write(text + more)

    return write


def keys(definitions: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in definitions.resolve_all_asset_keys()}


def refresh(theirs: TheirProject, *options: str) -> dict[str, Any]:
    result = command(theirs, "reports", "--refresh", "--json", *options)
    found: dict[str, Any] = json.loads(result)
    return found


def command(theirs: TheirProject, *arguments: str, exit_code: int = 0) -> str:
    environment = {"PIPEFY_EXPORTS_CONFIG": str(theirs.yaml), "DAGSTER_HOME": str(theirs.root / "home")}
    result = CliRunner().invoke(cli, list(arguments), env=environment)
    assert result.exit_code == exit_code, result.output
    return result.stdout


def assets_by_id(theirs: TheirProject) -> dict[str, str]:
    [config] = configurations_in(theirs.yaml)
    return {found.id: found.asset for found in config.found.values()}


def test_dg_finds_them_and_all_else_works_without_a_network(
    theirs: TheirProject, sandbox: Sandbox, write: Callable[..., None]
) -> None:
    write()
    asked = sandbox.stats.requests["lookup"]
    refreshed = theirs.dg("utils", "refresh-defs-state")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    # The organization's reports, the pipes, and for each its uuid and its reports.
    assert sandbox.stats.requests["lookup"] - asked == 1 + 1 + 6 * 2
    asked = sandbox.stats.requests.total()
    checked = theirs.dg("check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    loaded = keys(theirs.load())
    assert sandbox.stats.requests.total() == asked, "loading makes no request"

    found = assets_by_id(theirs)
    assert len(found) == 46
    assert {f"{asset}" for asset in found.values()} <= loaded
    assert len(loaded) == 2 * (1 + 46), "each with its history"
    assert found[REPORT_ID] == "todos_os_cards"
    assert found[PIPE_REPORT_ID] == f"todos_os_cards_{PIPE_REPORT_ID}"

    nowhere = theirs.yaml.read_text().replace(sandbox.url, "http://127.0.0.1:9")
    theirs.yaml.write_text(nowhere)
    checked = theirs.dg("check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert keys(theirs.load()) == loaded
    file = theirs.root / "cards.csv"
    file.write_text("id,created_at\n1,2026-10-03\n")
    load = f"load {file} --asset todos_os_cards --partition last_month --requested-month 2026-11"
    for line in (
        load,
        "exports",
        "exports --json",
        "query SELECT+*+FROM+todos_os_cards",
        "rebuild-history",
        "prune --older-than 1",
    ):
        arguments = [part.replace("+", " ") for part in line.split()]
        command(theirs, *arguments)
    assert "46 reports that were found" in command(theirs, "doctor", exit_code=1)
    failed = theirs.dg("utils", "refresh-defs-state")
    assert failed.returncode != 0
    assert assets_by_id(theirs) == found


def test_the_same_file_is_dg_s_the_component_s_and_the_commands(
    theirs: TheirProject, write: Callable[..., None]
) -> None:
    write()
    [config] = configurations_in(theirs.yaml)
    assert kept_reports(config, theirs.root) is None
    place = refresh(theirs)["organizations"][0]["kept_in"]
    assert place == str(local_state_path(config, theirs.root))
    before = Path(place).stat().st_mtime_ns
    assert theirs.dg("utils", "refresh-defs-state").returncode == 0
    assert Path(place).stat().st_mtime_ns > before
    assert [path.name for path in Path(place).parent.iterdir()] == ["state"]
    assert keys(theirs.load()) >= set(assets_by_id(theirs).values())


def test_what_changes_in_pipefy_keeps_assets_by_their_ids(
    theirs: TheirProject, sandbox: Sandbox, write: Callable[..., None]
) -> None:
    write()
    refresh(theirs)
    before = assets_by_id(theirs)
    renamed, deleted, copied = REPORT_ID, str(int(REPORT_ID) + 1), str(int(PIPE_REPORT_ID) + 6)
    sandbox.world.change_report(renamed, name="Anders")
    sandbox.world.delete_report(deleted)
    sandbox.world.copy_report(copied, "300900001")
    sandbox.world.copy_report(renamed, "300900002")
    rows = {row["id"]: row for row in refresh(theirs)["organizations"][0]["reports"]}
    assert rows[renamed]["state"] == "was 'Todos os cards'"
    assert rows[deleted]["state"].startswith("gone since ")
    assert rows["300900001"]["state"] == rows["300900002"]["state"] == "new"

    after = assets_by_id(theirs)
    assert {id_: after[id_] for id_ in before} == before
    assert after["300900001"].endswith("_300900001")
    assert len({name.lower() for name in after.values()}) == len(after)
    assert after["300900002"] == "anders"
    asset = theirs.load().resolve_asset_graph().get(dg.AssetKey(before[deleted]))
    assert "Pipefy does not have it any more" in (asset.description or "")
    assert f"`Anders` ({renamed})" in (
        theirs.load().resolve_asset_graph().get(dg.AssetKey(before[renamed])).description or ""
    )
    assert "does not have the report 'Compras em aberto'" in command(theirs, "doctor", exit_code=0)

    sandbox.world.copy_report(renamed, deleted)  # it is back, under another name
    refresh(theirs)
    assert assets_by_id(theirs)[deleted] == before[deleted]
    assert "does not have the report" not in command(theirs, "doctor")


@pytest.mark.parametrize(
    ("reports", "found", "scheduled"),
    [
        ("{discover: true, include: [todos*]}", {"todos_os_cards"}, {"todos_os_cards"}),
        (f"{{discover: true, include: [{REPORT_ID}]}}", {"todos_os_cards"}, {"todos_os_cards"}),
        (f"{{discover: true, exclude: {LEFT_OUT}}}", {"compras_em_aberto"}, set()),
        ("{discover: true, schedule: true, include: ['*R$*']}", {AMOUNTS}, {AMOUNTS}),
        ("{discover: false}", set(), set()),
    ],
)  # fmt: skip
def test_names_and_ids_choose_and_what_is_named_is_in_the_schedules(
    theirs: TheirProject, write: Callable[..., None], reports: str, found: set[str], scheduled: set[str]
) -> None:
    write(pipe_reports="[]")
    refresh(theirs)
    write(reports, pipe_reports="[]")
    [config] = configurations_in(theirs.yaml)
    assert set(config.found) == found
    assert {export.name for export in config.exports if export.schedule} - {
        "automation_jobs_export"
    } == scheduled
    definitions = theirs.load()
    assert keys(definitions) >= found
    graph = definitions.resolve_asset_graph()
    due = [key.asset_key for key in graph.asset_check_keys if key.name == Check.LAST_MONTH_IS_HERE]
    checks = {key.to_user_string() for key in due}
    assert checks == scheduled | {"automation_jobs_export"}


def test_schedules_leave_out_what_nobody_named(theirs: TheirProject, write: Callable[..., None]) -> None:
    write(pipe_reports="[]")
    refresh(theirs)
    definitions = theirs.load()
    for name in (
        "pipefy_last_month_schedule",
        "pipefy_current_month_schedule",
        "pipefy_month_end_history_schedule",
    ):
        schedule = definitions.get_repository_def().get_schedule_def(name)
        with (
            dg.instance_for_test() as instance,
            dg.build_schedule_context(
                instance,
                repository_def=definitions.get_repository_def(),
                scheduled_execution_time=datetime(2026, 11, 2, 15, tzinfo=UTC),
            ) as context,
        ):
            data = schedule.evaluate_tick(context)
        [request] = data.run_requests or []
        [selected] = request.asset_selection or []
        assert selected.to_user_string().startswith("automation_jobs_")


def test_prune_touches_nothing_of_a_report_that_is_left_out(
    theirs: TheirProject, write: Callable[..., None]
) -> None:
    write(pipe_reports="[]")
    refresh(theirs)
    file = theirs.root / "cards.csv"
    for day in (1, 2):
        file.write_text(f"id,created_at\n1,2026-10-0{day}\n")
        command(theirs, "load", str(file), "--asset", "todos_os_cards", "--partition", "last_month")
    for sidecar in theirs.root.rglob("data/raw/**/*.json"):
        stored = json.loads(sidecar.read_text())
        sidecar.write_text(json.dumps(stored | {"downloaded_at": "2020-01-01T00:00:00+00:00"}))
    prune = ("prune", "--older-than", "1", "--give-up-rebuilding", "--dry-run", "--json")
    pruned = json.loads(command(theirs, *prune))
    assert len([*pruned["deleted"], *pruned["kept"]]) == 2
    write("{discover: true, exclude: [Todos*]}", "[]")
    pruned = json.loads(command(theirs, *prune))
    assert (pruned["deleted"], pruned["kept"]) == ([], [])


def test_without_a_list_definitions_load_and_say_what_to_do(
    theirs: TheirProject, write: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    write(more="  automation_jobs: false\n")
    assert keys(theirs.load()) == set()
    assert "no list of reports is kept yet" in caplog.text
    said = command(theirs, "doctor")
    assert "pipefy-exports reports --refresh" in said
    assert command(theirs, "exports")


KEPT = {"version": 1, "of": f"PipefyExports[{ORGANIZATION_ID}]", "found_at": "2026-11-01T00:00:00+00:00"}
ONE = {"id": "1", "name": "a", "asset": "a"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "nonsense",
        "\\ud800",
        json.dumps(KEPT | {"found_at": "soon", "reports": [], "pipe_reports": []}),
        json.dumps(KEPT | {"version": 2, "reports": [], "pipe_reports": []}),
        json.dumps(KEPT | {"of": "PipefyExports[5]", "reports": [], "pipe_reports": []}),
        json.dumps(KEPT | {"reports": [ONE | {"id": "abc"}], "pipe_reports": []}),
        json.dumps(KEPT | {"reports": [ONE | {"id": "9" * 5000}], "pipe_reports": []}),
        json.dumps(KEPT | {"reports": [ONE | {"asset": "a b"}], "pipe_reports": []}),
        json.dumps(KEPT | {"reports": [], "pipe_reports": [ONE | {"pipe_id": [1]}]}),
        json.dumps(KEPT | {"reports": [], "pipe_reports": [ONE]}),
    ],
)
def test_a_damaged_list_is_one_clear_error(theirs: TheirProject, content: str) -> None:
    text = DISCOVERS.format(
        type=TYPE, organization=ORGANIZATION_ID, url="http://127.0.0.1:9", reports=ALL, pipe_reports=ALL
    )
    theirs.write(text)
    [config] = configurations_in(theirs.yaml)
    place = local_state_path(config, theirs.root)
    place.parent.mkdir(parents=True)
    place.write_text(content)
    environment = {"PIPEFY_EXPORTS_CONFIG": str(theirs.yaml), "DAGSTER_HOME": str(theirs.root / "home")}
    refused = CliRunner().invoke(cli, ["exports"], env=environment)
    assert refused.exit_code == 1
    assert f"the list of reports in {place} cannot be used" in refused.stderr
    assert "or delete it and find the reports anew" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_report_with_an_id_that_is_no_number_is_left_out_and_told(
    theirs: TheirProject, sandbox: Sandbox, write: Callable[..., None]
) -> None:
    write(pipe_reports="{discover: false}")
    for odd in ("0", "²", "abc", "", "9" * 19):
        sandbox.world.copy_report(REPORT_ID, odd)
    asked = sandbox.stats.requests["lookup"]
    environment = {"PIPEFY_EXPORTS_CONFIG": str(theirs.yaml), "DAGSTER_HOME": str(theirs.root / "home")}
    refreshed = CliRunner().invoke(cli, ["reports", "--refresh"], env=environment)
    assert refreshed.exit_code == 0, refreshed.output
    assert refreshed.stderr.count("which is no number: left out") == 5
    assert sandbox.stats.requests["lookup"] - asked == 1, "pipes are not to be looked for"
    assert len(assets_by_id(theirs)) == 6
    assert "todos_os_cards" in keys(theirs.load())


def test_a_project_with_a_dg_toml_keeps_names_and_reports_that_are_gone(
    theirs: TheirProject, sandbox: Sandbox, write: Callable[..., None]
) -> None:
    write(pipe_reports="[]")
    (theirs.root / "pyproject.toml").write_text(f'[project]\nname = "{theirs.name}"\nversion = "1"\n')
    (theirs.root / "dg.toml").write_text(
        f'directory_type = "project"\n[project]\nroot_module = "{theirs.name}"\n'
    )
    assert theirs.dg("utils", "refresh-defs-state").returncode == 0
    before = assets_by_id(theirs)
    assert before[REPORT_ID] == "todos_os_cards"
    sandbox.world.change_report(REPORT_ID, name="Anders")
    sandbox.world.delete_report(str(int(REPORT_ID) + 1))
    refreshed = theirs.dg("utils", "refresh-defs-state")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    assert assets_by_id(theirs) == before


def test_a_name_is_no_markdown_in_the_description(
    theirs: TheirProject, sandbox: Sandbox, write: Callable[..., None]
) -> None:
    write(pipe_reports="[]")
    sandbox.world.change_report(REPORT_ID, name="<img src=http://a/x> ![a](http://a/y)")
    refresh(theirs)
    found = theirs.load().resolve_asset_graph().get(dg.AssetKey(assets_by_id(theirs)[REPORT_ID]))
    assert "`<img src=http://a/x> ![a](http://a/y)`" in (found.description or "")


def test_a_name_that_a_configured_export_has_says_which_to_change(
    theirs: TheirProject, write: Callable[..., None]
) -> None:
    write(pipe_reports="[]")
    refresh(theirs)
    write(pipe_reports="[{name: todos_os_cards, pipe_id: 1, pipe_report_id: 2}]")
    with pytest.raises(ConfigurationError, match=r"a report that was found is named.*leave the report out"):
        configurations_in(theirs.yaml)


def test_two_documents_with_one_key_are_refused(theirs: TheirProject, write: Callable[..., None]) -> None:
    write(more="  defs_state: {key: mine}\n")
    other = theirs.yaml.read_text().replace("attributes:\n", "attributes:\n  key_prefix: acme\n")
    theirs.yaml.write_text(f"{theirs.yaml.read_text()}---\n{other}")
    with pytest.raises(ConfigurationError, match="under the key 'mine'"):
        configurations_in(theirs.yaml)


def test_in_python_without_the_component_it_is_refused() -> None:
    config = PipefyExportsConfig(organization_id="1", reports=ReportDiscovery())
    with pytest.raises(ConfigurationError, match=r"`PipefyExportsComponent\(config\)`"):
        build_pipefy_exports(config)


def test_words_of_yaml_are_names_in_the_printed_list(
    theirs: TheirProject, sandbox: Sandbox, write: Callable[..., None]
) -> None:
    write("[]", "[]")
    sandbox.world.change_report(REPORT_ID, name="On")
    printed = command(theirs, "reports", "--yaml")
    theirs.yaml.write_text(
        theirs.yaml.read_text().replace(
            "  reports: []\n", "".join(f"  {line}\n" for line in printed.splitlines())
        )
    )
    [config] = configurations_in(theirs.yaml)
    assert "on" in {export.name for export in config.exports}


def test_a_report_that_is_gone_is_in_no_schedule() -> None:
    gone = FoundReport("1", "a", "a", gone_since=date(2026, 1, 1))
    discovery = ReportDiscovery(schedule=True, found=[gone, FoundReport("2", "b", "b")])
    assert [discovery.is_scheduled(report) for report in discovery.chosen] == [False, True]


def test_outside_a_dg_project_the_list_is_in_the_data_folder(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEIR_TOKEN", TOKEN)
    file = tmp_path / "alone" / "defs.yaml"
    file.parent.mkdir()
    text = DISCOVERS.format(
        type=TYPE, organization=ORGANIZATION_ID, url=sandbox.url, reports=ALL, pipe_reports="[]"
    )
    file.write_text(text)
    theirs = TheirProject(file.parent, "alone")
    monkeypatch.setattr(TheirProject, "yaml", file)
    place = refresh(theirs)["organizations"][0]["kept_in"]
    assert place.startswith(str(file.parent / "data" / "defs_state"))
    assert Path(place).stat().st_mode & 0o077 == 0
    assert len(assets_by_id(theirs)) == 6


def test_two_organizations_keep_lists_of_their_own(theirs: TheirProject, write: Callable[..., None]) -> None:
    write()
    other = theirs.yaml.read_text().replace("attributes:\n", "attributes:\n  key_prefix: crm/acme\n")
    theirs.yaml.write_text(f"{theirs.yaml.read_text()}---\n{other}")
    places = [each["kept_in"] for each in refresh(theirs)["organizations"]]
    assert len(set(places)) == 2
    assert {"todos_os_cards", "crm/acme/todos_os_cards"} <= keys(theirs.load())


def test_the_list_can_be_written_down_as_configuration(
    theirs: TheirProject, sandbox: Sandbox, write: Callable[..., None]
) -> None:
    write("[]", "[]")
    printed = command(theirs, "reports", "--yaml")
    pipes = command(theirs, "reports", "--pipe", "301000000", "--yaml")
    indented = "".join(f"  {line}\n" for line in (printed + pipes).splitlines())
    before = theirs.yaml.read_text().replace("  reports: []\n", "").replace("  pipe_reports: []\n", "")
    theirs.yaml.write_text(before + indented)
    [config] = configurations_in(theirs.yaml)
    assert len(config.exports) == 1 + 6 + len(
        sandbox.world.pipe_reports(sandbox.world.pipe(id_="301000000")[1])
    )
    assert "todos_os_cards" in keys(theirs.load())


def test_a_found_report_is_loaded_like_one_that_was_written_down(
    theirs: TheirProject, write: Callable[..., None]
) -> None:
    write("{discover: true, include: [Todos*]}", "[]")
    refresh(theirs)
    job = theirs.load().resolve_job_def("pipefy_exports")
    with dg.instance_for_test() as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key="last_month",
            asset_selection=[dg.AssetKey("todos_os_cards")],
            raise_on_error=False,
        )
    assert result.success
