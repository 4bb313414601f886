"""Measure how costs grow, and print ratios: `python -m benchmarks.scale [--only sensors]`."""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .archive import measure_archive, measure_event_log
from .database import measure_database
from .definitions import measure_definitions, measure_sensors
from .lake import measure_lake


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale")
    parser.add_argument("--folder", type=Path, default=Path("data/bench"), help="on a disk with 20 GB free")
    parser.add_argument("--rounds", type=int, default=5)
    parts: dict[str, Callable[[], Iterator[tuple[str, float, str]]]] = {
        "definitions": lambda: measure_definitions(arguments.rounds),
        "sensors": measure_sensors,
        "event_log": lambda: measure_event_log(arguments.rounds),
        "archive": lambda: measure_archive(arguments.rounds),
        "lake": lambda: measure_lake(arguments.rounds),
        "database": lambda: measure_database(arguments.folder, arguments.rounds),
    }
    parser.add_argument("--only", choices=parts, action="append")
    arguments = parser.parse_args()
    found: dict[tuple[str, str], list[float]] = {}
    for part in arguments.only or parts:
        for name, value, to_reach in parts[part]():
            found.setdefault((name, to_reach), []).append(value)
    lines = ["| ratio | median | range | to reach |", "|---|---|---|---|"]
    for (name, to_reach), values in found.items():
        middle, low, high = statistics.median(values), min(values), max(values)
        lines.append(f"| {name} | {middle:.2f} | {low:.2f} to {high:.2f} | {to_reach} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
