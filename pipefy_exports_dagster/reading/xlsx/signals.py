"""Exceptions by which a fast scanner reports that it cannot read a piece, or some parts of it."""

from typing import Any


class NotPlainError(Exception):
    """The piece is not in the form that a fast scanner reads."""


class SectionsError(Exception):
    """There are comments, CDATA or instructions, which have to be removed first."""


class OddPartsError(Exception):
    """Some rows or texts are not plain.

    Args:
        odd: Which ones (bool by ordinal).
        bounds: The start of each row or text, and the end of the last.
    """

    def __init__(self, odd: Any, bounds: Any) -> None:
        super().__init__()
        self.odd, self.bounds = odd, bounds

    def cut_out(self, xml: bytes, *, odd: bool) -> bytes:
        """Return those that are odd, or the others."""
        wanted = (self.odd if odd else ~self.odd).nonzero()[0].tolist()
        return b"".join(xml[self.bounds[nth] : self.bounds[nth + 1]] for nth in wanted)


def require(plain: bool) -> None:
    """Raise if a condition for a plain piece is not met."""
    if not plain:
        raise NotPlainError
