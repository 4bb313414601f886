"""A message to a person, fit for every service: short enough, in one piece, and calling nobody."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from pipefy_exports_dagster.text.quoting import printable

LONGEST_TITLE = 120
LONGEST_BODY = 1800
"""Characters. Discord takes 2,000 with the title; what is longer, some services refuse and others split."""
CUT = "… (cut; the rest is in the Dagster UI)"
_CALLS = re.compile(r"(?<!\w)@(?=\w)|!(?=\w)|<(?=[@#!])")
"""What Slack and Discord make a call to all people of: `@everyone`, `<!channel>`. A value of a file may say it."""


class Kind(StrEnum):
    """What services colour a message by; apprise's own words."""

    INFO = "info"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, as plain text."""

    title: str
    body: str
    kind: Kind = Kind.INFO

    def fitted(self) -> "Message":
        """Return it as it may be sent: cut where it is too long, on printable lines, with nobody called."""
        lines = (printable(line.replace("\t", " ")) for line in self.body.splitlines())
        return replace(
            self,
            title=_without_calls(cut(printable(" ".join(self.title.split())), LONGEST_TITLE, "…")),
            body=_without_calls(cut("\n".join(lines), LONGEST_BODY)),
        )


def cut(text: str, longest: int, mark: str = CUT) -> str:
    """Return a text that is too long with a mark at its end."""
    return text if len(text) <= longest else text[: longest - len(mark)].rstrip() + mark


def _without_calls(text: str) -> str:
    # A character without width behind it: it looks the same, and no service takes it for a call.
    return _CALLS.sub(lambda call: f"{call[0]}\u200b", text)
