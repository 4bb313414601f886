"""An apprise that is there and cannot be imported: nothing was sent, and the address is not blamed."""

from pathlib import Path

import pytest

from pipefy_exports_dagster.config.notify import HiddenAddress
from pipefy_exports_dagster.notifications.addresses import Address
from pipefy_exports_dagster.notifications.message import Message
from pipefy_exports_dagster.notifications.sending import DOES_NOT_WORK, look_at, send


def test_an_apprise_that_cannot_be_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "apprise"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('half installed')\n")
    # Before the libraries of this environment, as a broken one among them would be.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    address = Address("X", HiddenAddress("json://127.0.0.1:9/x"))
    sent = send(address, Message("title", "body"))
    assert (sent.problem, sent.in_doubt, sent.in_part) == (DOES_NOT_WORK, False, False)
    assert [found.problem for found in look_at([address])] == [DOES_NOT_WORK]
