"""How a fast scanner says that it does not understand a piece, or some parts of it."""

from typing import Any


class NotPlainError(Exception):
    """The piece is not written the way that a fast scanner understands."""


class SectionsError(Exception):
    """There are comments, CDATA or instructions, which have to be taken off first."""


class OddPartsError(Exception):
    """Some rows or texts are not plain.

    Args:
        odd: Which (bool by ordinal).
        bounds: Where each of all starts, and the last one ends.
    """

    def __init__(self, odd: Any, bounds: Any) -> None:
        super().__init__()
        self.odd, self.bounds = odd, bounds

    def cut_out(self, xml: bytes, *, odd: bool) -> bytes:
        """Give those that are odd, or the others."""
        wanted = (self.odd if odd else ~self.odd).nonzero()[0].tolist()
        return b"".join(xml[self.bounds[nth] : self.bounds[nth + 1]] for nth in wanted)


def require(plain: bool) -> None:
    """Give up where the piece is not plain."""
    if not plain:
        raise NotPlainError
