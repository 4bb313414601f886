"""The long run of a target: `python -m fuzz NAME --minutes 10`."""

import argparse
import sys
import time

from hypothesis import HealthCheck, Phase, given, settings

from fuzz.frame import target, target_names

_ROUND = 500


def main() -> None:
    """Take new examples until the time is over, or one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=target_names())
    parser.add_argument("--minutes", type=float, default=10)
    asked = parser.parse_args()
    found = target(asked.name)
    started = time.monotonic()
    count = 0

    # No shrinking of what already is a short list of changes; each round begins from a seed of chance's own.
    @settings(
        max_examples=_ROUND,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],
    )
    @given(found.examples)
    def promise(example: object) -> None:
        nonlocal count
        if time.monotonic() - started < asked.minutes * 60:
            count += 1
            found.promise(example)

    while (took := time.monotonic() - started) < asked.minutes * 60:
        promise()
        sys.stderr.write(f"\r{asked.name}: {count:,} examples in {took:.0f} s ")
    sys.stderr.write(f"\r{asked.name}: {count:,} examples in {asked.minutes:g} minutes, none failed\n")


if __name__ == "__main__":
    main()
