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
DOES_NOT_WORK = "apprise does not work here; install it again: `pip install --force-reinstall apprise`"
MOST_AT_ONCE = 8
"""Messages that are being sent: each has a process."""


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
    answers, failure, _ = _answers(there, None) if there else ([], "", False)
    each = iter(answers)
    return [
        _looked_at(address, next(each, {}), failure)
        if address.hidden
        else Delivery(address, problem=address.problem)
        for address in addresses
    ]


def send(address: Address, message: Message) -> Delivery:
    """Send a message to an address, and say what became of it; never longer than `LONGEST_S`."""
    if address.hidden is None:
        return Delivery(address, problem=address.problem)
    if not is_installed():
        return Delivery(address, problem=INSTALL)
    answers, failure, in_doubt = _answers([address.hidden], message.fitted())
    if not answers:
        return Delivery(address, problem=failure, in_doubt=in_doubt)
    [answer] = answers
    if not answer["service"]:
        return _looked_at(address, answer)
    return Delivery(
        address, answer["service"], answer["reason"], in_part=answer["in_part"], in_doubt=answer["in_doubt"]
    )


def send_to_all(addresses: Sequence[Address], message: Message) -> list[Delivery]:
    """Send one message to several addresses, side by side."""
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return list(pool.map(lambda address: send(address, message), addresses))


def _looked_at(address: Address, answer: dict[str, Any], failure: str = "") -> Delivery:
    """Say what is known of an address: without an answer, why there is none."""
    service = answer.get("service") or ""
    return Delivery(address, service, "" if service else NO_SUCH if answer else failure or NO_SUCH)


def _answers(
    addresses: Sequence[HiddenAddress], message: Message | None
) -> tuple[list[dict[str, Any]], str, bool]:
    """Return the process's answers, why some are missing, and whether the message may have been sent nevertheless."""
    # By a pipe: other users see a process's arguments.
    request = {
        "addresses": [address.reveal() for address in addresses],
        "message": asdict(message) if message else None,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pipefy_exports_dagster.notifications.apprise_process"],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": _python_path()},
            timeout=LONGEST_S,
            check=False,
        )
        said, failure, in_doubt = done.stdout, DOES_NOT_WORK, done.returncode < 0
    except subprocess.TimeoutExpired as error:
        said, failure, in_doubt = error.stdout or b"", f"it was not sent within {LONGEST_S:.0f} s", True
    except OSError:
        said, failure, in_doubt = b"", "this machine starts no process for it now", False
    answers = [json.loads(line) for line in said.splitlines(keepends=True) if line.endswith(b"\n")]
    return answers, failure, in_doubt


def _python_path() -> str:
    """Return where the process finds this copy of the package."""
    home = str(Path(pipefy_exports_dagster.__file__).parent.parent)
    return os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
