"""`pipefy-exports notify`: who is told, and whether a message arrives there."""

import sys
from collections.abc import Iterator

import pytest
from cli.shell import Shell
from support.mailboxes import PASSWORD, PATH_SECRET, Mailbox, http_server, mail_server

from pipefy_exports_dagster.component.yaml_file import TYPE
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Mailbox, Mailbox]]:
    with mail_server() as mail, http_server() as chat:
        yield mail, chat


def test_a_message_arrives_at_each_address(shell: Shell, servers: tuple[Mailbox, Mailbox]) -> None:
    mail, chat = servers
    addresses = f"{mail.address} {chat.address}"
    listed = shell.run("notify", PIPEFY_EXPORTS_NOTIFY=addresses)
    assert listed.exit_code == 0
    assert mail.letters == chat.letters == [], "a list sends nothing"

    result = shell.run("notify", "--test", PIPEFY_EXPORTS_NOTIFY=addresses)
    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["address", "service", "result"],
        ["PIPEFY_EXPORTS_NOTIFY", "1", "E-Mail", "arrived"],
        ["PIPEFY_EXPORTS_NOTIFY", "2", "JSON", "arrived"],
    ]
    [letter], [same] = mail.letters, chat.letters
    assert letter.title == same.title == "Pipefy exports: a test"
    assert f"Failed runs of {ORGANIZATION_ID}, and checks that do not pass, are told here." in same.text
    assert PASSWORD not in result.output + listed.output
    assert PATH_SECRET not in result.output + listed.output


def test_what_does_not_arrive_is_said_and_ends_with_1(shell: Shell) -> None:
    found = shell.json("notify", "--test", exit_code=1, PIPEFY_EXPORTS_NOTIFY="json://127.0.0.1:1/x")
    assert found == {
        "addresses": [
            {
                "organization_id": ORGANIZATION_ID,
                "key_prefix": [],
                "address": "PIPEFY_EXPORTS_NOTIFY",
                "service": "JSON",
                "arrived": False,
                "problem": "no connection to the server",
            }
        ]
    }


def test_without_an_address_it_says_where_one_is_set(shell: Shell) -> None:
    assert shell.run("notify").exit_code == 0
    result = shell.run("notify", "--test", PIPEFY_EXPORTS_NOTIFY=" ")
    assert result.exit_code == 1
    assert result.stdout.startswith("Nobody is told: set `notify` (PIPEFY_EXPORTS_NOTIFY) to addresses")


def test_where_a_yaml_configures_it_the_hints_name_its_keys(shell: Shell) -> None:
    file = shell.project.root / "defs.yaml"
    file.write_text(f"type: {TYPE}\nattributes: {{organization_id: 7}}\n")
    yaml = {"PIPEFY_EXPORTS_CONFIG": str(file)}
    told = shell.run("notify", **yaml).stdout
    assert (
        told
        == f"Nobody is told: set `notify` in {file} to the names of variables that hold addresses for apprise.\n"
    )
    pruned = shell.run("prune", **yaml)
    assert pruned.exit_code == 2
    assert f"give --older-than, or set `raw_retention_days` in {file}" in pruned.stderr
    file.write_text(f"type: {TYPE}\nattributes: {{organization_id: 7, notify: [CHAT]}}\n")
    found = shell.json("doctor", exit_code=1, CHAT="json://127.0.0.1:9/x", **yaml)["findings"]
    [one] = [one["message"] for one in found if one["check"] == "notify"]
    assert one.endswith(f"its messages have no link to the run: set `ui_url` in {file}")


def test_the_doctor_looks_at_addresses_and_sends_nothing(
    shell: Shell, servers: tuple[Mailbox, Mailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = servers[1]
    before = len(chat.letters)
    given = f"{chat.address} hush://x"
    found = shell.json("doctor", exit_code=1, PIPEFY_EXPORTS_NOTIFY=given)["findings"]
    said = {(one["state"], one["message"].partition(" is ")[0]) for one in found if one["check"] == "notify"}
    assert ("ok", "PIPEFY_EXPORTS_NOTIFY 1") in said
    assert any(
        state == "error" and text.startswith("PIPEFY_EXPORTS_NOTIFY 2: apprise") for state, text in said
    )
    assert len(chat.letters) == before

    monkeypatch.setitem(sys.modules, "apprise", None)
    found = shell.json("doctor", exit_code=1, PIPEFY_EXPORTS_NOTIFY=given)["findings"]
    [one] = [one for one in found if one["check"] == "notify"]
    assert 'pip install "pipefy-exports-dagster[notify]"' in one["message"]
