"""No group is repeated possessively: Python before 3.11.5, such as Debian 12's, finds other matches (gh-106052)."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from .found_patterns import Found, patterns_of_the_package

constants: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
SIMPLE = {constants.IN, constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.CATEGORY}
PATTERNS = [found for found in patterns_of_the_package() if found.pattern]


def groups_repeated_possessively(pattern: str | bytes, flags: int) -> Iterator[Any]:
    """Yield what stands before a `*+`, `++` or `?+` and is more than one character."""
    waiting: list[Any] = [parser.parse(pattern, flags)]
    while waiting:
        for operation, argument in waiting.pop():
            if operation is constants.POSSESSIVE_REPEAT:
                repeated = list(argument[2])
                if len(repeated) != 1 or repeated[0][0] not in SIMPLE:
                    yield repeated
            waiting += parts_of(argument)


def parts_of(argument: Any) -> Iterator[Any]:
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from parts_of(part)


@pytest.mark.parametrize("found", PATTERNS, ids=[found.where for found in PATTERNS])
def test_a_pattern_repeats_no_group_possessively(found: Found) -> None:
    assert found.pattern
    assert list(groups_repeated_possessively(found.pattern.pattern, found.pattern.flags & ~32)) == []


def test_such_a_repetition_would_be_found() -> None:
    assert len(list(groups_repeated_possessively(r"a(?:b|cd)*+", 0))) == 1
    assert list(groups_repeated_possessively(r"(?>(?:b|cd)*)[xy]*+z?+", 0)) == []
