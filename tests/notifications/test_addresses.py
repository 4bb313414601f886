"""Addresses of the configuration: split as apprise does, named by their variables, never shown."""

import copy
import dataclasses
import json
import pickle

import pytest

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.notify import HIDDEN, HiddenAddress, addresses_in
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.notifications.addresses import addresses_of

SECRET = "slack://hush/hush/hush"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("json://a/x", ["json://a/x"]),
        (
            " json://a/x,\n slack://b ;mailto://c?to=d@e.com,f@g.com ",
            ["json://a/x", "slack://b", "mailto://c?to=d@e.com,f@g.com"],
        ),
        ("json://u:p@a json://b", ["json://u:p@a", "json://b"]),
        ("json://a/http://b", ["json://a/http://b"]),
    ],
)
def test_a_variable_may_hold_several(text: str, addresses: list[str]) -> None:
    assert addresses_in(text) == addresses
    names = [address.name for address in addresses_of(("X",), {"X": text})]
    assert names == (["X"] if len(addresses) == 1 else [f"X {n}" for n in range(1, len(addresses) + 1)])


def test_an_address_is_shown_nowhere() -> None:
    config = PipefyExportsConfig(notify=["NAME", SECRET])
    shown = [repr(config), str(config.notify), json.dumps(config.notify), repr(dataclasses.asdict(config))]
    shown += [f"{address}" for address in config.notify] + [repr(addresses_of(config.notify, {}))]
    assert [text for text in shown if "hush" in text] == []
    assert config.notify[0] == "NAME"


def test_a_copy_of_a_hidden_address_is_the_same() -> None:
    hidden = HiddenAddress(SECRET)
    for copied in (copy.copy(hidden), copy.deepcopy(hidden), pickle.loads(pickle.dumps(hidden))):  # noqa: S301 - ours
        assert copied.reveal() == SECRET
        assert copied == hidden
    other = HiddenAddress("json://other")
    assert hidden != other
    assert hidden != HIDDEN
    assert len({hidden, other}) == 2
    assert dataclasses.replace(PipefyExportsConfig(notify=SECRET), read_copy=False).notify == (hidden,)


@pytest.mark.parametrize(
    "given", ["hush-hush", "hush hush-hush", ["A", "hush@x"], [None], 5, {"a": SECRET}, b"json://x"]
)
def test_what_is_neither_a_name_nor_an_address_is_refused_without_quoting_it(given: object) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^`notify` \(PIPEFY_EXPORTS_NOTIFY\) has an entry"
    ) as caught:
        PipefyExportsConfig(notify=given)  # type: ignore[arg-type]
    assert "hush" not in str(caught.value)


def test_what_is_empty_is_nobody() -> None:
    assert PipefyExportsConfig(notify="").notify == PipefyExportsConfig(notify=["", " "]).notify == ()
