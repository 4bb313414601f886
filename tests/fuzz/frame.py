"""What all targets share: seeds, changes to them, and the list of the targets."""

import importlib
import pkgutil
import random
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz import targets

SEEDS = Path(__file__).parent / "seeds"
SECONDS = 10
"""What one example may take, on a machine that is busy with other things."""
_LENGTHS = (1, 2, 8, 40, 300)
_REPEATS = (2, 10, 200, 5_000)
_SPICE = (b"\0", b"\xff", b"\r\n", b" ", b'"', b"<", b"\x1b[2J", b"\xe2\x80\xae")


@dataclass(frozen=True, slots=True)
class Target:
    """A place where text of others comes in; `check` raises where a promise is broken."""

    name: str
    examples: SearchStrategy[Any]
    check: Callable[[Any], None]

    def promise(self, example: Any) -> None:
        """Check an example, within `SECONDS`; what fails is kept as a file, whose path is in the error."""
        signal.signal(signal.SIGALRM, _too_long)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            self.check(example)
        except BaseException as error:
            kept = Path(tempfile.gettempdir(), f"fuzz-{self.name}-failed")
            kept.write_bytes(example if isinstance(example, bytes) else repr(example).encode())
            error.add_note(f"The input is in {kept}")
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _too_long(*_: object) -> None:
    message = f"One example took over {SECONDS} seconds."
    raise TimeoutError(message)


def target_names() -> list[str]:
    """Return the targets that there are."""
    return sorted(module.name for module in pkgutil.iter_modules(targets.__path__))


def target(name: str) -> Target:
    """Return a target by its name."""
    module = importlib.import_module(f"{targets.__name__}.{name}")
    return Target(name, module.examples, module.check)


def seeds(name: str) -> list[bytes]:
    """Return the committed inputs of a target."""
    return [path.read_bytes() for path in sorted((SEEDS / name).iterdir())]


def require_one_line(error: Exception) -> None:
    """What a person is told is one line, with nothing that a terminal obeys."""
    assert str(error).isprintable(), f"more than one line, or what is not shown: {error!r}"


def mutated(inputs: list[bytes], *, words: tuple[bytes, ...] = (), most: int = 6) -> SearchStrategy[bytes]:
    """Return inputs as they are, and changed: cut, doubled, spliced, repeated thousands of times.

    Args:
        words: What to put in anywhere, such as the language's tokens.
        most: Changes to one input.
    """

    def some_changes(drawn: tuple[bytes, int, int]) -> bytes:
        content, count, seed = drawn
        chance = random.Random(seed)  # noqa: S311 -- repeatable changes, no secret
        return change(content, chance, inputs, words=words, count=count)

    return st.tuples(st.sampled_from(inputs), st.integers(0, most), st.integers(0, 2**32)).map(some_changes)


def change(
    content: bytes,
    chance: random.Random,
    inputs: list[bytes],
    *,
    words: tuple[bytes, ...] = (),
    count: int | None = None,
) -> bytes:
    """Return content changed in some places.

    Args:
        inputs: What pieces are taken from.
        words: What to put in anywhere.
        count: In how many places; None for a few.
    """
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4) if count is None else count):
        _change(changed, chance, inputs, (*words, *_SPICE))
    return bytes(changed)


def _change(content: bytearray, chance: random.Random, inputs: list[bytes], spice: tuple[bytes, ...]) -> None:
    at = chance.randint(0, len(content))
    length = chance.choice(_LENGTHS)
    piece = bytes(content[at : at + length])
    match chance.randrange(6):
        case 0:
            del content[at : at + length]
        case 1:
            content[at:at] = chance.choice(spice)
        case 2:
            content[at : at + 1] = bytes([chance.randrange(256)])
        case 3:
            content[at:at] = piece[:40] * chance.choice(_REPEATS)
        case 4:
            other = chance.choice(inputs)
            start = chance.randint(0, len(other))
            content[at : at + length] = other[start : start + length]
        case _:
            content[at:at] = chance.choice(spice) * chance.choice(_REPEATS)
