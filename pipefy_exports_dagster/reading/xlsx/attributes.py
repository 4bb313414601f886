"""Check the attributes of many tags at once: few distinct texts, each checked once."""

import re
from typing import Any

from .signals import NotPlainError, require

PADDING = 256
"""Zeros after a piece, so that windows at its last tags do not exceed its end. Longer texts are not compared."""
_MOST_KINDS = 64
# The pattern starts only at the first blank of a run: a tag may have a megabyte of blanks.
_ATTRIBUTE = (
    rb"""(?<![ \t\n])[ \t\n]++((?!xmlns)[A-Za-z_][\w.-]*+(?::[A-Za-z_][\w.-]*+)?)="[^"<&\x80-\xff]*+\""""
)
_ATTRIBUTES = re.compile(rb"(?>(?:%b)*)[ \t\n]*+/?" % _ATTRIBUTE)
_ATTRIBUTE_NAME = re.compile(_ATTRIBUTE)


def are_attributes(text: bytes) -> bool:
    """Whether a text is valid between a tag's name and its `>`, with each attribute once."""
    if _ATTRIBUTES.fullmatch(text) is None:
        return False
    names = _ATTRIBUTE_NAME.findall(text)
    return len(names) == len(set(names))


def odd_attributes(buffer: Any, starts: Any, lengths: Any) -> Any:
    """Find the texts that are not valid between a tag's name and its `>`."""
    import numpy as np

    try:
        numbers, distinct = numbered(buffer, starts, lengths)
    except NotPlainError:  # too many distinct texts, or too long ones: one by one
        every = zip(starts.tolist(), lengths.tolist(), strict=True)
        return np.array([not are_attributes(buffer[start : start + n].tobytes()) for start, n in every], bool)
    return np.array([not are_attributes(text) for text in distinct], bool)[numbers]


def numbered(buffer: Any, starts: Any, lengths: Any) -> tuple[Any, list[bytes]]:
    """Number the distinct texts among many short ones.

    Returns:
        The number of each, and the distinct texts by number.
    """
    import numpy as np

    # Texts are compared eight bytes at a time, with zeros after their end.
    windows = np.ndarray((len(buffer) - 7,), "<u8", buffer, strides=(1,))
    masks = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
    longest = max(int(lengths.max(initial=0)), 1)
    require(longest <= PADDING)
    words = [
        windows[starts + offset] & masks[np.clip(lengths - offset, 0, 8)] for offset in range(0, longest, 8)
    ]
    numbers = np.zeros(len(starts), np.int16)
    firsts: list[int] = []
    left = np.arange(len(starts), dtype=np.int32)
    while len(left) and len(firsts) < _MOST_KINDS:
        same = words[0][left] == words[0][left[0]]
        for word in words[1:]:
            same &= word[left] == word[left[0]]
        numbers[left[same]] = len(firsts)
        firsts.append(int(left[0]))
        left = left[~same]
    if len(left):
        # Many kinds: sorting is faster than a pass for each.
        rest = np.stack([word[left] for word in words], axis=1)
        _, where, inverse = np.unique(rest, axis=0, return_index=True, return_inverse=True)
        require(len(firsts) + len(where) < np.iinfo(np.int16).max)
        numbers[left] = inverse.reshape(-1) + len(firsts)
        firsts += left[where].tolist()
    distinct = [buffer[starts[nth] : starts[nth] + lengths[nth]].tobytes() for nth in firsts]
    return numbers, distinct
