"""Find all tags of a piece of XML at once, as arrays, and check them against a grammar.

Nothing is parsed one by one: the positions of all `<` are found at once, and the rest is arithmetic on arrays. A
grammar defines which tag may follow which. If all tags obey it, every byte of the piece is accounted for. If one does
not, its position is reported, and `slow_cells` or a similar reader reads that row.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from .attributes import PADDING, odd_attributes
from .grammar import BLANKS, GT, SECTION, SLASH, Element, Grammar
from .signals import OddPartsError, SectionsError, require

_LT = ord("<")
_CONTROL_END = 32


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a piece.

    Args:
        buffer: The piece with its padding (numpy uint8).
        opens: Position of each tag's `<`.
        codes: The code of each tag; 0 for tags that the grammar does not have.
        ends: Position of the `>` of each tag that the grammar has.
    """

    buffer: Any
    opens: Any
    codes: Any
    ends: Any

    @classmethod
    def of(cls, xml: bytes, grammar: Grammar) -> "Tags":
        """Find all tags.

        Raises:
            NotPlainError: There is none, or there are characters that XML does not allow.
            SectionsError: There is something other than tags and text.
        """
        import numpy as np

        buffer = np.frombuffer(xml + b"\0" * PADDING, np.uint8)
        if int(buffer[: len(xml)].min(initial=_CONTROL_END)) < _CONTROL_END:
            controls = buffer[np.flatnonzero(buffer[: len(xml)] < _CONTROL_END)]
            require(bool(((controls == ord("\n")) | (controls == ord("\t"))).all()))
        opens = np.flatnonzero(buffer == _LT).astype(np.int32)
        require(len(opens) > 0 and not xml[: opens[0]].strip())
        codes = grammar.codes[np.ndarray((len(buffer) - 1,), "<u2", buffer, strides=(1,))[opens + 1]]
        if int(codes.max()) == SECTION:
            raise SectionsError
        next_opens = np.append(opens[1:], np.int32(len(xml)))
        ends = np.zeros(len(opens), np.int32)
        tags = cls(buffer, opens, codes, ends)
        for element in grammar.elements:
            tags._settle(element, next_opens)
        return tags

    def _settle(self, element: Element, next_opens: Any) -> None:
        """Check an element's full name in its tags, find the ends of its start tags, and mark the empty ones."""
        import numpy as np

        buffer, opens, codes = self.buffer, self.opens, self.codes
        length = len(element.name)
        if length > 1:
            found = np.flatnonzero(codes == element.code)
            codes[found[~self._have_name(found, element, 1)]] = 0
        found = np.flatnonzero(codes == element.end)
        is_end = self._have_name(found, element, 2) & (buffer[opens[found] + length + 2] == GT)
        codes[found[~is_end]] = 0
        self.ends[found] = opens[found] + length + 2
        found = np.flatnonzero(codes == element.empty)
        self.ends[found] = opens[found] + length + 2  # `<v/>`; other tags follow below
        found = np.flatnonzero(codes == element.code)
        behind = opens[found] + length + 1
        after = buffer[behind]
        ends = behind.copy()
        open_ended = after != GT
        if open_ended.any():
            attributed = found[open_ended]
            after = after[open_ended]
            guess = next_opens[attributed] - 1
            sure = (buffer[guess] == GT) & (not element.holds_text)
            if not sure.all():
                guess[~sure] = _first_at_or_after(buffer, GT, opens[attributed[~sure]])
            wrong = (guess >= next_opens[attributed]) | ~_is_any_of(BLANKS + b"/")[after]
            wrong |= (after == SLASH) & (guess != behind[open_ended] + 1)
            ends[open_ended] = guess
            is_empty = buffer[guess - 1] == SLASH
            codes[attributed[is_empty]] = element.empty
            codes[attributed[wrong]] = 0
        self.ends[found] = ends

    def _have_name(self, found: Any, element: Element, offset: int) -> Any:
        """Return which of some tags have an element's full name; the first letter is known to match."""
        import numpy as np

        right = np.ones(len(found), bool)
        for nth, letter in enumerate(element.name[1:], 1):
            right &= self.buffer[self.opens[found] + offset + nth] == letter
        return right

    def misplaced(self, grammar: Grammar) -> Any:
        """Find what is not plain, by the ordinals of tags.

        That is a tag that may not follow the one before, or text where there must be none: no part of a piece is
        skipped.
        """
        import numpy as np

        pairs = self.codes[:-1].astype(np.uint16) * grammar.size + self.codes[1:]
        wrong = np.flatnonzero(~grammar.allowed[pairs]) + 1
        gaps = self.opens[1:] - self.ends[:-1] - 1
        # The end of an unknown tag is not known; the tag is reported already.
        gaps[grammar.holds_text[self.codes[:-1]] | (self.codes[:-1] == 0)] = 0
        loose = np.flatnonzero(gaps > 0)
        if len(loose):
            loose = loose[self._have_letters(self.ends[loose] + 1, gaps[loose])]
        # Of two tags that do not follow each other, either may be the wrong one.
        return np.concatenate([wrong, wrong - 1, loose])

    def _have_letters(self, starts: Any, lengths: Any) -> Any:
        """Return which of some ranges are not blank."""
        import numpy as np

        offsets = np.cumsum(lengths) - lengths
        where = np.repeat(starts - offsets, lengths) + np.arange(int(lengths.sum()), dtype=np.int32)
        return np.add.reduceat(~_is_any_of(BLANKS)[self.buffer[where]], offsets) > 0

    def refuse(self, parts: Any, odd: Any, length: int) -> None:
        """Report parts that need another reader, if there are any.

        Args:
            parts: The ordinals of the tags that parts start with.
            odd: The ordinals of the parts.
            length: The length of the piece.

        Raises:
            OddPartsError: There are some.
        """
        import numpy as np

        if len(odd):
            marked = np.zeros(len(parts), bool)
            marked[odd] = True
            raise OddPartsError(marked, np.append(self.opens[parts], length))

    def odd_attributes(self, element: Element) -> Any:
        """Find the tags of an element whose attributes are not valid XML, or declare a namespace."""
        import numpy as np

        found = np.flatnonzero((self.codes == element.code) | (self.codes == element.empty))
        starts = self.opens[found] + 1 + len(element.name)
        lengths = self.ends[found] - starts
        found, starts, lengths = found[lengths > 1], starts[lengths > 1], lengths[lengths > 1]
        return found[odd_attributes(self.buffer, starts, lengths)] if len(found) else found

    def texts_of(self, found: Any) -> tuple[Any, Any]:
        """Return where the texts of some tags start and end: up to their own end tag."""
        import numpy as np

        return self.ends[found] + 1, self.opens[np.minimum(found + 1, len(self.opens) - 1)]


@cache
def _is_any_of(characters: bytes) -> Any:
    """Return for each byte whether it is one of some characters (numpy bool of 256)."""
    import numpy as np

    table = np.zeros(256, bool)
    table[list(characters)] = True
    return table


def _first_at_or_after(buffer: Any, byte: int, positions: Any) -> Any:
    import numpy as np

    every = np.flatnonzero(buffer == byte).astype(np.int32)
    every = np.append(every, np.int32(len(buffer) - 1))
    return every[np.searchsorted(every[:-1], positions)]
