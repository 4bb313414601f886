"""What the doctor finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARN = "warn"
    """It works, but may not do what is meant; or it cannot be known from here."""
    ERROR = "error"
    """It does not work, or will not."""
    SKIPPED = "skipped"
    """It can be checked when another problem is solved."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was checked, the result, and what to do about it."""

    check: str
    state: State
    message: str


def ok(check: str, message: str) -> Finding:
    """Say that all is well."""
    return Finding(check, State.OK, message)


def report_warning(check: str, message: str) -> Finding:
    """Say what may not be meant."""
    return Finding(check, State.WARN, message)


def report_error(check: str, message: str) -> Finding:
    """Say what does not work, and what to do."""
    return Finding(check, State.ERROR, message)


def skipped(check: str, message: str) -> Finding:
    """Say why something was not checked."""
    return Finding(check, State.SKIPPED, message)
