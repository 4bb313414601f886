"""A link of an answer, and where it leads: refused in one line of ours, or a link with a known host."""

from fuzz.frame import mutated, seeds

examples = mutated(seeds("link"))


def check(example: bytes) -> None:
    """Nothing yet."""
    del example
