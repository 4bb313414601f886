"""What the doctor finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands with what was looked at."""

    OK = "ok"
    LOOK = "look"
    """It works, but may not do what is meant; or it cannot be known from here."""
    WRONG = "wrong"
    """It does not work, or will not."""
    SKIPPED = "skipped"
    """It cannot be looked at before something else is mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, how it stands, and what to do unless that is well."""

    check: str
    state: State
    message: str


def ok(check: str, message: str) -> Finding:
    """Say that all is well."""
    return Finding(check, State.OK, message)


def look(check: str, message: str) -> Finding:
    """Say that a person should look."""
    return Finding(check, State.LOOK, message)


def wrong(check: str, message: str) -> Finding:
    """Say what does not work, and what to do."""
    return Finding(check, State.WRONG, message)


def skipped(check: str, message: str) -> Finding:
    """Say why something was not looked at."""
    return Finding(check, State.SKIPPED, message)
