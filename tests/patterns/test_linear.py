"""No regular expression of ours takes more than linear time, whatever the text: nothing ends it once it runs.

A new pattern is found and attacked without anybody adding anything here.
"""

import re
import signal
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from .attacks import Attack, attacks_on
from .found_patterns import SCANS, Found, patterns_of_the_package

LENGTHS = (16, 60, 500, 2_000, 8_000, 32_000)
SECONDS_FOR_ONE = 1
TOO_SHORT_TO_TELL_S = 0.001
MOST_OFTEN = 9
"""Four times the text may take nine times as long: linear is 4, quadratic 16."""
TRIES = 3

PATTERNS = patterns_of_the_package()


@pytest.fixture(autouse=True)
def interrupted() -> Iterator[None]:
    """A text that takes exponential time ends here: the engine looks for signals."""
    before = signal.signal(signal.SIGALRM, _too_long)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def _too_long(*_: object) -> None:
    raise TimeoutError


def seconds(pattern: re.Pattern[Any], use: str, text: Any) -> float:
    signal.setitimer(signal.ITIMER_REAL, SECONDS_FOR_ONE)
    started = time.thread_time()  # of the processor: what else this machine does costs nothing
    if use in SCANS:
        deque(pattern.finditer(text), maxlen=0)
    else:
        getattr(pattern, use)(text)
    taken = time.thread_time() - started
    signal.setitimer(signal.ITIMER_REAL, 0)
    return taken


def is_slow(pattern: re.Pattern[Any], use: str, attack: Attack) -> bool:
    """Whether the time grows faster than the text, each time that it is measured."""
    is_bytes = isinstance(pattern.pattern, bytes)
    texts = [attack.text(length) for length in LENGTHS]
    before = 0.0
    for nth, text in enumerate(texts):
        encoded = text.encode("latin-1") if is_bytes else text
        try:
            taken = seconds(pattern, use, encoded)
        except TimeoutError:
            return True
        if taken > TOO_SHORT_TO_TELL_S and taken > MOST_OFTEN * before and nth > 1:
            shorter = texts[nth - 1].encode("latin-1") if is_bytes else texts[nth - 1]
            if _grows(pattern, use, shorter, encoded):
                return True
        if len(text) >= LENGTHS[-2] and taken < TOO_SHORT_TO_TELL_S:
            return False  # more than linear time would have shown: a hundred times as long is not told yet
        before = taken
    return False


def _grows(pattern: re.Pattern[Any], use: str, shorter: Any, longer: Any) -> bool:
    for _ in range(TRIES):
        short, long = (min(seconds(pattern, use, text) for _ in range(TRIES)) for text in (shorter, longer))
        if long <= max(MOST_OFTEN * short, TOO_SHORT_TO_TELL_S):
            return False
    return True


def slow_attack(pattern: re.Pattern[Any], uses: frozenset[str]) -> tuple[str, Attack] | None:
    """Find a use of a pattern and a text that it is slow on; None if there is none."""
    different = {"finditer" if use in SCANS else use for use in uses}
    attempts = ((use, attack) for use in sorted(different) for attack in attacks_on(pattern))
    return next((attempt for attempt in attempts if is_slow(pattern, *attempt)), None)


def test_patterns_are_found() -> None:
    assert len(PATTERNS) > 60


def test_every_pattern_is_a_constant_of_its_module() -> None:
    """Otherwise it cannot be tried here."""
    assert [found.where for found in PATTERNS if found.pattern is None] == []


@pytest.mark.parametrize("found", PATTERNS, ids=lambda found: found.where)
def test_a_pattern_takes_linear_time(found: Found) -> None:
    assert found.pattern is not None
    assert slow_attack(found.pattern, found.uses) is None


@pytest.mark.parametrize(
    ("pattern", "use"),
    [
        (r"(a+)+b", "match"),
        (r"(a|a)*b", "match"),
        (r"(?:a|b|ab)*c", "fullmatch"),
        (r"(\w+\s?)*$", "match"),
        (r"[0-9]+\.?[0-9]*", "fullmatch"),
        (r"[\s\d.,]*\d[\s\d.,]*", "fullmatch"),
        (r"\s+$", "search"),
        (r"a*b", "search"),
        (r"(https?://[^\s?]*)\?", "sub"),
        (r"(?is)(?:\s*<!--.*?-->)*\s*<html", "match"),
        (r"(?is)<title>\s*(.*?)\s*</title>", "search"),
        (r"- (?:INFO|ERROR) - .* - (a|b) - (.*)", "search"),
        (r"(?:\[[^\]]*\]|x)*\[h", "search"),
        (rb"<[^>]*x[^>]*>", "search"),
        (r"(?=.*\d)\w", "finditer"),
        (r"(x+x+)+y", "search"),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "match"),
    ],
)
def test_a_slow_pattern_is_told(pattern: str | bytes, use: str) -> None:
    assert slow_attack(re.compile(pattern), frozenset({use}))
