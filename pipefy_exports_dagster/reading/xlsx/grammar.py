"""The elements of a part, and which tag may follow which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

GT, SLASH = b">/"
BLANKS = b" \t\n"
SECTION = 255
"""The code of comments, CDATA and instructions."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a grammar; its codes are one for its start tag, an empty tag, and its end tag."""

    name: bytes
    code: int
    holds_text: bool = False

    @property
    def empty(self) -> int:
        return self.code + 1

    @property
    def end(self) -> int:
        return self.code + 2


class Grammar:
    """The elements, and which tag may follow which.

    Args:
        elements: In any order; names of up to three letters.
        follows: Pairs of codes.
        starts: Codes that the piece may start with.
        ends: Codes that it may end with.
    """

    def __init__(
        self,
        elements: Sequence[Element],
        follows: Iterable[tuple[int, int]],
        *,
        starts: Sequence[int],
        ends: Sequence[int],
    ) -> None:
        self.elements, self.starts, self.ends = elements, starts, ends
        self._follows = tuple(follows)

    @cached_property
    def size(self) -> int:
        return 3 * len(self.elements) + 1

    @cached_property
    def codes(self) -> Any:
        """Code by the two bytes after a tag's `<`; `_settle` checks the others. No two names begin alike."""
        import numpy as np

        table = np.zeros(1 << 16, np.uint8)
        for mark in b"!?":
            table[mark :: 1 << 8] = SECTION
        for element in self.elements:
            letter = element.name[0]
            table[SLASH | letter << 8] = element.end
            if len(element.name) > 1:
                table[letter | element.name[1] << 8] = element.code
                continue
            for blank in (*BLANKS, GT):
                table[letter | blank << 8] = element.code
            table[letter | SLASH << 8] = element.empty
        return table

    @cached_property
    def holds_text(self) -> Any:
        """The codes of tags that text may follow."""
        import numpy as np

        table = np.zeros(self.size, bool)
        table[[element.code for element in self.elements if element.holds_text]] = True
        return table

    @cached_property
    def allowed(self) -> Any:
        import numpy as np

        table = np.zeros(self.size * self.size, bool)
        for one, next_ in self._follows:
            table[one * self.size + next_] = True
        return table
