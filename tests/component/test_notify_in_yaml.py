"""`notify` in a YAML: names of variables and templates; an address there is refused, and never quoted."""

import pytest
from component.test_wrong_yaml import all_messages
from component.their_project import TYPE, TheirProject

from pipefy_exports_dagster.component.yaml_file import configurations_in
from pipefy_exports_dagster.config.notify import HiddenAddress


@pytest.mark.parametrize(
    ("notify", "expected"),
    [
        ("CHAT", ["CHAT"]),
        ("[CHAT, MAIL]", ["CHAT", "MAIL"]),
        ('"{{ env.CHAT }}"', ["CHAT"]),
        ("[\"{{ env('CHAT') }}\", MAIL]", ["CHAT", "MAIL"]),
        ('"{{ env.NOWHERE }}"', ["NOWHERE"]),
        ('["json://{{ env.HOST }}/hush-{{ env.PART }}"]', [HiddenAddress("json://example.com/hush-2")]),
    ],
)
def test_variables_are_named_and_other_templates_rendered(
    notify: str, expected: list[str], theirs: TheirProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", "json://hush")
    monkeypatch.setenv("HOST", "example.com")
    monkeypatch.setenv("PART", "2")
    theirs.write(f"type: {TYPE}\nattributes:\n  notify: {notify}\n")
    [config] = configurations_in(theirs.yaml)
    assert list(config.notify) == expected
    assert "hush" not in repr(config)


REFUSED = "an address is not written here, because it may hold a secret: put it into an environment variable"


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ("notify: slack://hush/x", REFUSED),
        ("notify: [CHAT, 'json://u:hush@x']", REFUSED),
        ("notify: 'hush hush-hush'", "not shown here"),
        ("notify: {slack: 'slack://hush'}", "not shown here"),
        ("notify: [['slack://hush']]", "not shown here"),
        ("notfy: 'slack://hush'", "there is no such key"),
        ("notify: 'slack://hush'\n  wait: perhaps\n  automation_jobs: false", REFUSED),
        ('notify: "{{ env.CHAT }}-hush"', "not shown here"),
    ],
)
def test_what_is_refused_is_not_quoted(
    attributes: str, says: str, theirs: TheirProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", "hush")
    theirs.write(f"type: {TYPE}\nattributes:\n  {attributes}\n")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - Dagster wraps it in errors of its own
        theirs.load()
    said = all_messages(caught.value)
    assert says in said
    assert f"{theirs.yaml}:3" in said
    assert "hush" not in said.replace("{{ env.CHAT }}-hush", "")
