"""Sending, seen from here: a process for each address, that is ended when it takes too long."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pipefy_exports_dagster
from pipefy_exports_dagster.config.notify import HiddenAddress
from pipefy_exports_dagster.notifications.addresses import Address
from pipefy_exports_dagster.notifications.message import Message

LONGEST_S = 20.0
"""Of one message to one address, in all."""
INSTALL = 'apprise is not installed: `pip install "pipefy-exports-dagster[notify]"`'
NO_SUCH = (
    "apprise does not know such an address, or something in it is missing: compare it with "
    "https://github.com/caronc/apprise/wiki"
)
MOST_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message at an address, or of the look at an address.

    Args:
        address: The address.
        service: The service's name, such as Slack; empty where it is not known.
        problem: Why it did not arrive, or cannot; empty where all is well.
        in_part: Whether a server took it, though not all did: to send it again would repeat it for some.
        in_doubt: Whether it may have arrived nevertheless, because it was sent and no answer came.
    """

    address: Address
    service: str = ""
    problem: str = ""
    in_part: bool = False
    in_doubt: bool = False

    @property
    def arrived(self) -> bool:
        """Whether there was no problem."""
        return not self.problem


def is_installed() -> bool:
    """Whether the extra is there; it is not imported."""
    try:
        return importlib.util.find_spec("apprise") is not None
    except ValueError:  # where something stands in its place
        return False


def look_at(addresses: Sequence[Address]) -> list[Delivery]:
    """Say of each address whether apprise knows such, and which service it is. Nothing is sent."""
    if not is_installed():
        return [Delivery(address, problem=address.problem or INSTALL) for address in addresses]
    there = [address.hidden for address in addresses if address.hidden]
    answers = iter(_answers(there, None) if there else [])
    return [
        _looked_at(address, next(answers, {}))
        if address.hidden
        else Delivery(address, problem=address.problem)
        for address in addresses
    ]


def send(letters: Sequence[tuple[Address, Message]]) -> list[Delivery]:
    """Send each message to its address, side by side, and say what became of it; never longer than `LONGEST_S`."""
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return list(pool.map(lambda letter: _sent(letter[0], letter[1].fitted()), letters))


def _sent(address: Address, message: Message) -> Delivery:
    if address.hidden is None:
        return Delivery(address, problem=address.problem)
    if not is_installed():
        return Delivery(address, problem=INSTALL)
    answers = _answers([address.hidden], message)
    if not answers:
        return Delivery(address, problem=f"it was not sent within {LONGEST_S:.0f} s", in_doubt=True)
    [answer] = answers
    if not answer["service"]:
        return _looked_at(address, answer)
    return Delivery(
        address, answer["service"], answer["reason"], in_part=answer["in_part"], in_doubt=answer["in_doubt"]
    )


def _looked_at(address: Address, answer: dict[str, Any]) -> Delivery:
    service = answer.get("service") or ""
    return Delivery(address, service, "" if service else NO_SUCH)


def _answers(addresses: Sequence[HiddenAddress], message: Message | None) -> list[dict[str, Any]]:
    # By a pipe: other users see a process's arguments.
    request = {
        "addresses": [address.reveal() for address in addresses],
        "message": asdict(message) if message else None,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pipefy_exports_dagster.notifications.courier"],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": _python_path()},
            timeout=LONGEST_S,
            check=False,
        )
        said = done.stdout
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    except OSError:
        said = b""
    return [json.loads(line) for line in said.splitlines(keepends=True) if line.endswith(b"\n")]


def _python_path() -> str:
    """Return where the process finds this copy of the package."""
    home = str(Path(pipefy_exports_dagster.__file__).parent.parent)
    return os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
