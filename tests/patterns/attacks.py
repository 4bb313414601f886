"""Texts on which a backtracking engine is slow, made from a pattern's own structure.

For each repetition of a pattern, and for each beginning of it: a text that leads there, what the repetition takes many
times over, and an end that does not fit. Characters are chosen by which parts of the pattern take them, so that what
several repetitions take is among them.
"""

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

_parser: Any = re._parser  # type: ignore[attr-defined]
_compiler: Any = re._compiler  # type: ignore[attr-defined]
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_CHARACTERS = ("LITERAL", "NOT_LITERAL", "IN", "ANY")
_ALPHABET = string.printable + "\0\x7f\x85\xa0éÀ€…上\u0301\u2028"
_MOST_TEXTS = 12
_FEW = 8

Node = tuple[Any, Any]


@dataclass(frozen=True)
class Attack:
    """A text that grows: `start`, `pump` many times over, `end`."""

    start: str
    pump: str
    end: str

    def text(self, length: int) -> str:
        return self.start + self.pump * max(length // len(self.pump), 1) + self.end


def attacks_on(pattern: re.Pattern[Any]) -> list[Attack]:
    """Make the texts that a pattern may be slow on."""
    return list(dict.fromkeys(_Structure(pattern).attacks()))


class _Structure:
    """A pattern, taken apart."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self._is_bytes = isinstance(pattern.pattern, bytes)
        # Flags that a pattern of text has anyway may not be given again.
        self._flags = pattern.flags & ~(re.UNICODE if not self._is_bytes else 0)
        self._tree = _parser.parse(pattern.pattern, self._flags)
        alphabet = [c for c in _ALPHABET if not self._is_bytes or ord(c) < 256]
        nodes = list(self._character_nodes(self._tree))
        accepted = [self._taken_by(node, alphabet) for node in nodes]
        kinds: dict[tuple[bool, ...], str] = {}
        for character in alphabet:
            kinds.setdefault(tuple(character in each for each in accepted), character)
        self._kinds = list(kinds.values())
        self._by_node = {
            repr(node): [c for c in self._kinds if c in each]
            for node, each in zip(nodes, accepted, strict=True)
        }

    def attacks(self) -> Iterator[Attack]:
        """Make a text for each start, pump and end."""
        ends = ["", *self._kinds[-_FEW:], *self._kinds[:_FEW], "\0"]
        for start, pump in dict.fromkeys(self._pumps(list(self._tree), [""])):
            if pump:
                for end in dict.fromkeys(ends):
                    yield Attack(start, pump, end)

    def _pumps(self, items: Sequence[Node], starts: list[str]) -> Iterator[tuple[str, str]]:
        """Give what leads to each repetition, and what it takes; also each beginning of a sequence, for searches."""
        before = starts
        for nth, (kind, content) in enumerate(items):
            if str(kind) in _REPEATS:
                _, most, body = content
                if most > _FEW:
                    texts = self._texts(list(body))
                    yield from product(before[:2], texts)
                    # One text, and then another, may be one that a repetition takes in two ways.
                    yield from (
                        (before[0], one + other) for one, other in islice(product(texts, texts), _FEW)
                    )
                yield from self._pumps(list(body), before)
            for inner in _inner(kind, content):
                yield from self._pumps(list(inner), before)
            before = _joined(before, self._texts([items[nth]]))
            # A word costs the same wherever in it a search stops: its end leads on to what repeats.
            if not (str(kind) == "LITERAL" and nth + 1 < len(items) and str(items[nth + 1][0]) == "LITERAL"):
                yield from (("", text) for text in before[:3])

    def _texts(self, items: Sequence[Node]) -> list[str]:
        """Give a few texts that a sequence takes."""
        found = [""]
        for kind, content in items:
            match str(kind):
                case name if name in _CHARACTERS:
                    texts = self._by_node.get(repr((kind, content)), [])[:_MOST_TEXTS] or [""]
                case name if name in _REPEATS:
                    least, most, body = content
                    texts = [text * max(least, 1) for text in self._texts(list(body))]
                    texts = texts if least else ["", *texts]
                    texts = [*texts, *(text * 2 for text in texts if text and most > 1)]
                case "BRANCH":
                    texts = [text for branch in content[1] for text in self._texts(list(branch))[:3]]
                case "SUBPATTERN":
                    texts = self._texts(list(content[3]))
                case "ATOMIC_GROUP":
                    texts = self._texts(list(content))
                case _:  # places and what is looked at ahead take nothing
                    texts = [""]
            found = _joined(found, texts)
        return found

    def _character_nodes(self, items: Any) -> Iterator[Node]:
        for kind, content in items:
            if str(kind) in _CHARACTERS:
                yield kind, content
            elif str(kind) in _REPEATS:
                yield from self._character_nodes(content[2])
            for inner in _inner(kind, content):
                yield from self._character_nodes(inner)

    def _taken_by(self, node: Node, alphabet: Sequence[str]) -> set[str]:
        state = _parser.State()
        state.flags = self._flags
        state.str = ""
        alone = _compiler.compile(_parser.SubPattern(state, [node]), self._flags)
        return {c for c in alphabet if alone.fullmatch(c.encode("latin-1") if self._is_bytes else c)}


def _inner(kind: Any, content: Any) -> list[Any]:
    match str(kind):
        case "BRANCH":
            return list(content[1])
        case "SUBPATTERN":
            return [content[3]]
        case "ASSERT" | "ASSERT_NOT":
            return [content[1]]
        case "ATOMIC_GROUP":
            return [content]
        case _:
            return []


def _joined(before: list[str], after: list[str]) -> list[str]:
    """Put texts behind each other: the first with all, then others in turn."""
    every = [before[0] + text for text in after] + [text + after[-1] for text in before[1:]]
    return list(dict.fromkeys(every))[:_MOST_TEXTS]
