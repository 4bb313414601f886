"""The addresses of `notify`: a real mail server and a real HTTP server get one message for each run, once."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from checks.scene import Scene
from support.mailboxes import Mailbox, http_server, mail_server
from support.project import JOBS, REPORT
from support.shared_clock import SharedClock
from support.waiting import eventually

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.notifications.sending import LONGEST_S
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.orchestration.definition_names import DUE_SENSOR, NOTIFY_SENSOR
from pipefy_exports_dagster.orchestration.notify import notify_sensor
from pipefy_exports_dagster.orchestration.notify.export_failure import IN_THE_LOG, ExportFailure, advice_for
from pipefy_exports_dagster.orchestration.notify.positions import LONGEST_PAUSE_S

UNAUTHORIZED = {"faults": ("create:unauthorized:always",)}
UI = "http://dagster.example.com"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Mailbox, Mailbox]]:
    with mail_server() as mail, http_server() as chat:
        yield mail, chat


@pytest.fixture
def mail(servers: tuple[Mailbox, Mailbox]) -> Mailbox:
    servers[0].empty()
    return servers[0]


@pytest.fixture
def chat(servers: tuple[Mailbox, Mailbox]) -> Mailbox:
    servers[1].empty()
    return servers[1]


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch, mail: Mailbox, chat: Mailbox) -> None:
    monkeypatch.setenv("MAIL", mail.address)
    monkeypatch.setenv("CHAT", chat.address)


def tick(scene: Scene, *, notify: tuple[str, ...] = ("MAIL", "CHAT")) -> str:
    """Evaluate the sensor as the daemon does; return what its tick says."""
    config = replace(scene.config, notify=notify, ui_url=UI)
    repository = build_pipefy_exports(config, clock=scene.clock).get_repository_def()
    sensor = repository.get_sensor_def(config.definition_name(NOTIFY_SENSOR))
    with dg.build_sensor_context(instance=scene.instance, repository_def=repository) as context:
        return sensor.evaluate_tick(context).skip_message or ""


def failed_runs(scene: Scene, number: int, *, hours_ago: float = 0, prefix: str = "") -> list[str]:
    """Runs that ended before their steps did: they cost no process."""
    config = replace(scene.config, key_prefix=prefix or ())
    job = build_pipefy_exports(config).resolve_job_def(config.definition_name("pipefy_exports"))
    # With the shipped settings Dagster would start such runs again.
    tags = {"dagster/partition": "last_month", "dagster/max_retries": "0"}
    runs = [scene.instance.create_run_for_job(job, tags=tags) for _ in range(number)]
    for run in runs:
        scene.instance.report_run_failed(run)
    if hours_ago:
        scene.set_clock(datetime.now(UTC) + timedelta(hours=hours_ago))
    return [run.run_id for run in runs]


def test_a_failed_run_is_one_message_at_each_address_once(
    start_scene: Callable[..., Scene], mail: Mailbox, chat: Mailbox
) -> None:
    scene = start_scene(sandbox=UNAUTHORIZED)
    assert not scene.materialize(JOBS).success
    assert tick(scene) == "0 messages told"
    assert mail.letters == chat.letters == [], "what failed before the first tick is not told"

    assert not scene.materialize(JOBS, REPORT).success
    assert tick(scene) == "2 messages told"
    [record] = scene.instance.get_run_records(limit=1)
    [letter], [same] = mail.letters, chat.letters
    assert letter.title == same.title == "Pipefy exports: 2 assets (last_month) failed"
    assert letter.to == ("team@example.com",)
    assert (letter.content, same.kind) == ("text/plain", "failure")
    assert letter.text.replace("\r\n", "\n").strip() == same.text.strip()
    for said in (f"{JOBS} (last_month): AuthenticationError", f"{REPORT} (last_month): AuthenticationError"):
        assert said in same.text
    assert same.text.count(advice_for("AuthenticationError")) == 1, "what to do is said once"
    assert same.text.endswith(f"{UI}/runs/{record.dagster_run.run_id}")
    assert scene.project.environment["PIPEFY_TOKEN"] not in same.text

    assert tick(scene) == "0 messages told"
    assert (len(mail.letters), len(chat.letters)) == (1, 1)


def test_a_second_address_in_a_variable_loses_nothing_of_the_first(
    scene: Scene, mail: Mailbox, chat: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(scene, notify=("CHAT",))
    failed_runs(scene, 1)
    monkeypatch.setenv("CHAT", f"{chat.address} {mail.address}")
    tick(scene, notify=("CHAT",))
    assert len(chat.letters) == 1
    failed_runs(scene, 1)
    monkeypatch.setenv("CHAT", chat.address)
    tick(scene, notify=("CHAT",))
    assert len(chat.letters) == 2


def test_a_variable_that_was_empty_for_a_while_loses_nothing(
    scene: Scene, mail: Mailbox, chat: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(scene)
    monkeypatch.setenv("CHAT", "")
    failed_runs(scene, 1)
    assert "CHAT is not set" in tick(scene)
    assert (len(mail.letters), len(chat.letters)) == (1, 0)
    monkeypatch.setenv("CHAT", chat.address)
    assert tick(scene) == "1 message told"
    assert (len(mail.letters), len(chat.letters)) == (1, 1)


def test_the_checks_of_a_run_are_one_message_in_the_words_of_the_ui(
    scene: Scene, mail: Mailbox, chat: Mailbox
) -> None:
    tick(scene)
    scene.config = replace(scene.config, automation_jobs=AutomationJobs(key=("status",)), show_values=False)
    assert scene.materialize().success
    assert tick(scene) == "2 messages told"
    [letter] = chat.letters
    assert letter.title == f"Pipefy exports: check keys_unique of {JOBS} (last_month) did not pass"
    shown = next(result for result in scene.results(Check.KEYS_UNIQUE) if not result.passed)
    assert f"keys_unique of {JOBS}: {shown.text}" in letter.text
    values = {str(row[0]) for row in scene.project.query(f"SELECT DISTINCT status FROM {JOBS}")}
    assert values
    assert [value for value in values if value in letter.text] == [], "no value of the file"
    assert tick(scene) == "0 messages told"
    assert len(mail.letters) == 1


class BreakingClock(SharedClock):
    """A clock that cannot be read from a moment on, which breaks the step of checks itself."""

    breaks = False

    def now(self) -> datetime:
        if self.breaks:
            raise RuntimeError("hush: a value of the file")
        return super().now()


def test_a_step_of_checks_that_fails_itself_is_told_and_not_quoted(scene: Scene, chat: Mailbox) -> None:
    tick(scene, notify=("CHAT",))
    scene.clock = clock = BreakingClock(scene.sandbox)

    def break_clock(milestone: str) -> None:
        clock.breaks = milestone == "committed"

    run = scene.project.materialize(JOBS, config=scene.config, clock=clock, on_milestone=break_clock)
    assert not run.success
    assert run.metadata, "it is loaded"
    assert not scene.execute_checks()
    clock.breaks = False
    assert tick(scene, notify=("CHAT",)) == "2 messages told"
    of_load, by_hand = chat.letters
    assert of_load.title == f"Pipefy exports: {JOBS} (last_month) failed"
    assert f"{JOBS} (last_month): RuntimeError\nit was loaded, and the run failed before" in of_load.text
    assert by_hand.title == f"Pipefy exports: {JOBS} failed"
    assert f"{JOBS}: RuntimeError\nthe run failed before all of its checks were evaluated" in by_hand.text
    for letter in chat.letters:
        assert IN_THE_LOG in letter.text
        assert letter.kind == "failure"
        assert "hush" not in letter.text


def test_a_check_that_cannot_look_is_told_as_a_warning_and_not_quoted(scene: Scene, chat: Mailbox) -> None:
    assert scene.materialize().success
    tick(scene, notify=("CHAT",))
    scene.change_table(f"ALTER TABLE {JOBS} RENAME COLUMN _file_row TO hush")
    assert scene.execute_checks()
    assert tick(scene, notify=("CHAT",)) == "1 message told"
    [letter] = chat.letters
    assert letter.kind == "warning"
    assert f"rows_match_file of {JOBS} (warning): " in letter.text
    assert "not checked" in letter.text
    assert "hush" not in letter.text


def test_what_the_due_sensor_finds_is_told_once_without_a_run(scene: Scene, chat: Mailbox) -> None:
    assert scene.materialize().success
    tick(scene, notify=("CHAT",))
    scene.set_clock(datetime(2026, 12, 20, 12, tzinfo=UTC))
    assert scene.tick(DUE_SENSOR)
    assert tick(scene, notify=("CHAT",)) == "1 message told"
    [letter] = chat.letters
    assert letter.title == f"Pipefy exports: check last_month_is_here of {JOBS} did not pass"
    assert f"last_month of {JOBS} was not loaded in 2026-12" in letter.text
    assert "/runs/" not in letter.text
    assert tick(scene, notify=("CHAT",)) == "0 messages told"


def test_a_server_that_is_down_is_told_later_and_the_other_not_twice(
    scene: Scene, mail: Mailbox, chat: Mailbox
) -> None:
    tick(scene)
    [run] = failed_runs(scene, 1)
    chat.status = 503
    said = tick(scene)
    assert said == (
        "1 message told; a message did not arrive at CHAT (JSON): the server fails (HTTP 503); it is sent again in 60 "
        "s"
    )
    chat.status = 200
    assert tick(scene) == "0 messages told", "not before the pause is over"
    scene.clock.sleep(61)
    failed_runs(scene, 1)
    assert tick(scene) == "3 messages told"
    assert len(mail.letters) == len(chat.letters) == 2
    assert run in chat.letters[0].text, "in their order"


def test_what_may_have_arrived_is_sent_three_times_at_most(
    scene: Scene, chat: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that takes a message and does not say so; the address shortens the wait for it.
    monkeypatch.setenv("CHAT", f"{chat.address}?rto=0.2")
    tick(scene, notify=("CHAT",))
    failed_runs(scene, 1)
    chat.seconds = 0.6
    said = []
    for _ in range(4):
        said.append(tick(scene, notify=("CHAT",)))
        scene.clock.sleep(LONGEST_PAUSE_S)
    assert all("the server did not answer in time" in each for each in said[:3])
    assert "it is not sent again, because it may have arrived" in said[2]
    assert said[3] == "0 messages told"
    assert len(chat.letters) == 3


def test_a_tick_that_is_killed_after_a_message_does_not_repeat_it(
    scene: Scene, mail: Mailbox, chat: Mailbox
) -> None:
    """Nothing of a tick is kept by Dagster until it is over: these begin from the same cursor."""
    tick(scene)
    failed_runs(scene, 2)
    for _ in range(3):
        tick(scene)
    assert len(mail.letters) == len(chat.letters) == 2


def test_a_slow_server_does_not_hold_up_what_the_others_are_told(
    scene: Scene, mail: Mailbox, chat: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", f"{chat.address}?rto={LONGEST_S}")
    tick(scene)
    failed_runs(scene, 2)
    chat.answers.clear()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(tick, scene)
        try:
            eventually(lambda: len(mail.letters) == 2 or slow.done())
            assert len(mail.letters) == 2, slow.result()
            # Each counts already: as when this tick is killed, another one begins.
            eventually(lambda: tick(scene, notify=("MAIL",)) == "0 messages told")
            assert not slow.done()
        finally:
            chat.answers.set()
    assert slow.result() == "4 messages told"
    assert (len(mail.letters), len(chat.letters)) == (2, 2)


def test_more_addresses_than_are_told_at_once_wait_for_the_next_tick(
    scene: Scene, mail: Mailbox, chat: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify_sensor, "MOST_AT_ONCE", 1)
    monkeypatch.setenv("CHAT", f"{chat.address}?rto={LONGEST_S}")
    tick(scene, notify=("CHAT", "MAIL"))
    failed_runs(scene, 1)
    chat.answers.clear()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(tick, scene, notify=("CHAT", "MAIL"))
        try:
            eventually(lambda: chat.letters or slow.done())
            scene.clock.sleep(notify_sensor.BEGINS_WITHIN_S)
        finally:
            chat.answers.set()
    assert (slow.result(), mail.letters) == ("1 message told", [])
    assert tick(scene, notify=("CHAT", "MAIL")) == "1 message told"
    assert (len(mail.letters), len(chat.letters)) == (1, 1)


def test_very_many_failed_runs_are_one_message(scene: Scene, chat: Mailbox) -> None:
    tick(scene, notify=("CHAT",))
    runs = failed_runs(scene, 25)
    assert tick(scene, notify=("CHAT",)) == "1 message told"
    [letter] = chat.letters
    assert letter.title == "Pipefy exports: 25 runs failed"
    named = [run for run in runs if f"{UI}/runs/{run}" in letter.text]
    assert named == runs[: len(named)] != []
    assert f"… and {25 - len(named)} more, which are in the Dagster UI" in letter.text
    assert letter.text.endswith(f"All runs: {UI}/runs")
    assert len(letter.text) < 2000
    assert tick(scene, notify=("CHAT",)) == "0 messages told"


def test_what_ended_long_ago_is_not_told(scene: Scene, chat: Mailbox) -> None:
    tick(scene, notify=("CHAT",))
    failed_runs(scene, 1, hours_ago=25)
    assert tick(scene, notify=("CHAT",)) == "0 messages told"
    failed_runs(scene, 1, hours_ago=23)
    assert tick(scene, notify=("CHAT",)) == "1 message told"
    assert len(chat.letters) == 1


def test_an_address_is_read_at_each_tick(
    scene: Scene, mail: Mailbox, chat: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM", mail.address)
    tick(scene, notify=("TEAM",))
    failed_runs(scene, 1)
    monkeypatch.setenv("TEAM", " ")
    assert tick(scene, notify=("TEAM",)) == (
        "0 messages told; TEAM is not set, or empty: set it to an address, or leave it out of `notify`"
    )
    monkeypatch.setenv("TEAM", "hush")
    assert "TEAM holds no address: it has to begin like mailto://" in tick(scene, notify=("TEAM",))
    monkeypatch.setenv("TEAM", f"{chat.address}\n")
    failed_runs(scene, 1)
    tick(scene, notify=("TEAM",))
    assert len(chat.letters) == 2, "what failed while there was no address as well"
    assert mail.letters == []


def test_an_address_that_apprise_does_not_know_is_one_line_that_does_not_quote_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", "hush://token-of-mine/x")
    tick(scene, notify=("CHAT",))
    failed_runs(scene, 1)
    said = tick(scene, notify=("CHAT",))
    assert "a message did not arrive at CHAT: apprise does not know such an address" in said
    assert "hush" not in said
    assert "token-of-mine" not in said


def test_the_same_address_twice_is_told_once(
    scene: Scene, chat: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM", f"{chat.address}, {chat.address}")
    tick(scene, notify=("CHAT", "TEAM"))
    failed_runs(scene, 1)
    assert tick(scene, notify=("CHAT", "TEAM")) == "1 message told"
    assert len(chat.letters) == 1


def test_two_organizations_tell_their_own_addresses(scene: Scene, mail: Mailbox, chat: Mailbox) -> None:
    acme = replace(scene.config, key_prefix="acme")
    theirs = Scene(scene.sandbox, scene.project, scene.instance, acme)
    tick(scene, notify=("MAIL",))
    tick(theirs, notify=("CHAT",))
    failed_runs(scene, 1, prefix="acme")
    assert tick(scene, notify=("MAIL",)) == "0 messages told"
    assert tick(theirs, notify=("CHAT",)) == "1 message told"
    assert mail.letters == []
    assert "acme/automation_jobs_export (last_month): RunDied" in chat.letters[0].text


def test_a_run_that_dagster_starts_again_is_not_told(scene: Scene, chat: Mailbox) -> None:
    tick(scene, notify=("CHAT",))
    job = build_pipefy_exports(scene.config).resolve_job_def("pipefy_exports")
    run = scene.instance.create_run_for_job(job)
    scene.instance.report_run_failed(run)
    assert tick(scene, notify=("CHAT",)) == "0 messages told"
    assert chat.letters == []


def test_without_the_extra_the_tick_says_what_to_install(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(scene, notify=("CHAT",))
    failed_runs(scene, 1)
    monkeypatch.setitem(sys.modules, "apprise", None)
    said = tick(scene, notify=("CHAT",))
    assert said == '0 messages told; apprise is not installed: `pip install "pipefy-exports-dagster[notify]"`'


def test_a_function_and_addresses_are_both_told() -> None:
    told: list[ExportFailure] = []
    repository = build_pipefy_exports(
        PipefyExportsConfig(notify="SLACK_ADDRESS"), notify=told.append
    ).get_repository_def()
    names = {sensor.name for sensor in repository.sensor_defs}
    assert {"pipefy_failure_sensor", "pipefy_failed_check_sensor", NOTIFY_SENSOR} <= names
    sensor = repository.get_sensor_def(NOTIFY_SENSOR)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert NOTIFY_SENSOR not in {
        sensor.name for sensor in build_pipefy_exports(PipefyExportsConfig()).get_repository_def().sensor_defs
    }
