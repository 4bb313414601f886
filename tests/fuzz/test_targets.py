"""Each target for some seconds: all of its seeds, and examples made of them."""

import pytest
from hypothesis import HealthCheck, given, settings
from support.thoroughness import examples

from fuzz.frame import SEEDS, target, target_names

EXAMPLES = examples(50, thorough=150)


@pytest.mark.parametrize("name", target_names())
def test_the_promise_holds_for_changed_inputs(name: str) -> None:
    found = target(name)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(found.examples)
    def promise(example: object) -> None:
        found.promise(example)

    promise()


@pytest.mark.parametrize("name", target_names())
def test_the_promise_holds_for_each_seed(name: str) -> None:
    found = target(name)
    for path in sorted((SEEDS / name).iterdir()):
        found.promise(path.read_bytes())


def test_every_target_has_seeds() -> None:
    assert sorted(path.name for path in SEEDS.iterdir() if path.is_dir()) == target_names()
