"""The tutorial as a reader goes through it: its commands, in order, and what it says that each one prints."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
ANYTHING = "…"


@dataclass
class Step:
    """A command, and the lines that the page shows below it."""

    command: str
    shown: tuple[str, ...] = ()

    def is_shown_by(self, output: str) -> bool:
        """Whether the lines are in what the command printed, in their order.

        `…` stands for anything; how wide a column is, is left open.
        """
        lines = [re.sub(r" +", " ", line) for line in self.shown if line != ANYTHING]
        pattern = ".*".join(".*".join(map(re.escape, line.split(ANYTHING))) for line in lines)
        return re.search(pattern, re.sub(r" +", " ", output), re.DOTALL) is not None


def steps() -> list[Step]:
    """Return each line of each `sh` block; what a `text` block shows belongs to the line before it."""
    found: list[Step] = []
    for kind, text in BLOCK.findall(PAGE.read_text()):
        lines = text.strip().splitlines()
        if kind == "sh":
            found += [Step(line) for line in lines]
        else:
            assert kind == "text", f"the tutorial has a block of {kind}"
            found[-1].shown = tuple(lines)
    return found


def script(commands: list[str], outputs: Path) -> str:
    """Return a script that runs commands in one shell, each with a file of its own for what it prints."""
    lines = ["set -u"]
    for number, command in enumerate(commands):
        target = shlex.quote(str(outputs / str(number)))
        lines.append(f"{{ {command}\n}} > {target} 2>&1 || exit 1")
    return "\n".join(lines)
