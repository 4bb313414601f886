"""Measure everything, interleaved, and print medians and ratios; no pass or fail by time.

python -m benchmarks [--folder data/bench] [--rounds 5] [--small] [--skip-pandas] [--only caxlsx] [--only "csv 1M"]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import BASE_FORM, bench_files, small_file, tiny_files
from .whole_commands import Measured, command_ratios, measure_commands

Round = dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Ratio:
    """One line of the table: what was measured beside what, and what is to be reached."""

    name: str
    value: float
    shown: str = ".2f"
    to_reach: str = ""


def measure(plan: list[tuple[str, str]], files: dict[str, Path], rounds: int, scratch: Path) -> list[Round]:
    """Run each measurement in turn, round after round, so that a busy minute hits all alike."""
    measured: list[Round] = []
    for nth in range(rounds):
        measured.append({})
        for name, file in plan:
            if nth and name == "pandas_openpyxl":
                continue  # a minute each; its ratio is far from the line
            command = [sys.executable, "-m", "benchmarks.one", name, str(files.get(file, "-")), str(scratch)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
            facts = measured[-1][name, file] = json.loads(done.stdout.splitlines()[-1])
            sys.stderr.write(f"round {nth + 1}: {name} {file}: {facts['seconds']:.2f} s\n")
    return measured


def ratios(run: Round, names: list[str]) -> list[Ratio]:
    """Compare what one round measured: neighbours in time, of which a slower minute of the machine slows both."""
    found: list[Ratio] = []
    for name in names:
        found += _csv_ratios(run, name) if _kind(name) == "csv" else _workbook_ratios(run, name)
        loaded = run["load", name]
        look = loaded["look_cpu"] / loaded["cpu"]
        found.append(Ratio(f"{name}: rows per day and profile / load, CPU seconds", look, ".1%", "5%"))
        if ("pandas_openpyxl", name) in run:
            times = run["pandas_openpyxl", name]["seconds"] / loaded["seconds"]
            found.append(Ratio(f"{name}: pandas with openpyxl / load", times, ".1f", "10"))
    for kind in (BASE_FORM, "csv"):
        if f"{kind} 1M" in names and f"{kind} 200k" in names:
            growth = run["load", f"{kind} 1M"]["seconds"] / run["load", f"{kind} 200k"]["seconds"] / 5
            found.append(Ratio(f"{kind}: time per row, 1M / 200k", growth, to_reach="1.15"))
    more = run["import_code_location", ""]["seconds"] - run["import_dagster", ""]["seconds"]
    return [*found, Ratio("import of the code location - import dagster, s", more, to_reach="0.5")]


def _workbook_ratios(run: Round, name: str) -> list[Ratio]:
    loaded, alone = run["load", name], run["fastexcel_alone", name]
    to_reach = "1.35" if name.endswith("wide") else "1.3"
    found = _beside(run, name, "fastexcel alone", alone, to_reach)
    base = f"{BASE_FORM} 200k"
    if name.endswith("200k") and name != base:
        found += _beside(run, name, f"load of the {BASE_FORM} form", _apart(run, base), "1.25")
    return [
        *found,
        Ratio(
            f"{name}: peak memory of reading / fastexcel alone",
            loaded["worker_mb"] / alone["peak_mb"],
            to_reach="1.2" if name.endswith("1M") else "",  # of less, Python and its libraries take most
        ),
        Ratio(f"{name}: time locked / whole load", loaded["locked"] / loaded["seconds"], ".0%", "25%"),
    ]


def _csv_ratios(run: Round, name: str) -> list[Ratio]:
    loaded = run["load", name]
    return [
        *_beside(run, name, "bare CREATE TABLE AS", run["duckdb_csv_alone", name], "1.7"),
        Ratio(
            f"{name}: time locked / bare insert of the same rows",
            loaded["locked"] / loaded["bare_insert"],
            to_reach="1.3",
        ),
        Ratio(f"{name}: peak memory of the worker, MB", loaded["worker_mb"], ".0f", "600"),
        Ratio(f"{name}: peak memory of the runner, MB", loaded["runner_mb"], ".0f", "600"),
    ]


def _beside(run: Round, name: str, other_name: str, other: dict[str, Any], to_reach: str) -> list[Ratio]:
    """Compare a load with something else, by the clock and by CPU seconds, which a busy machine stretches less."""
    loaded = _apart(run, name)
    return [
        Ratio(f"{name}: load / {other_name}, {words}", loaded[fact] / other[fact], to_reach=to_reach)
        for fact, words in (("seconds", "a process's start apart"), ("cpu", "CPU, start apart"))
    ]


def _apart(run: Round, name: str) -> dict[str, float]:
    """Return what a load took without the start of the process that reads, and the imports there."""
    loaded, start = run["load", name], run["worker_start", f"tiny {_kind(name)}"]
    return {fact: loaded[fact] - start[fact] for fact in ("seconds", "cpu")}


def _kind(name: str) -> str:
    return "csv" if name.startswith("csv") else "xlsx"


def medians(measured: list[Round]) -> Round:
    """Take the median of each fact over the rounds that have it."""
    return {
        key: {fact: statistics.median(run[key][fact] for run in measured if key in run) for fact in facts}
        for key, facts in measured[0].items()
    }


def table(measured: list[Round], names: list[str]) -> list[str]:
    """Write the ratios as a Markdown table: the median of the rounds' own ratios, and their range."""
    rounds: dict[str, list[Ratio]] = {}
    for run in measured:
        for ratio in ratios(run, names):
            rounds.setdefault(ratio.name, []).append(ratio)
    lines = ["| ratio | median | range | to reach |", "|---|---|---|---|"]
    for name, of_rounds in rounds.items():
        shown, values = of_rounds[0].shown, [ratio.value for ratio in of_rounds]
        middle, low, high = (
            format(value, shown) for value in (statistics.median(values), min(values), max(values))
        )
        lines.append(f"| {name} | {middle} | {low} to {high} | {of_rounds[0].to_reach} |")
    return lines


def commands_table(measured: list[Measured]) -> list[str]:
    """Write the ratios of whole commands as more lines of the table."""
    of_rounds = [command_ratios(run) for run in measured]
    lines = []
    for name, (_, to_reach) in of_rounds[0].items():
        values = [ratios_of_round[name][0] for ratios_of_round in of_rounds]
        middle, low, high = statistics.median(values), min(values), max(values)
        lines.append(f"| {name} | {middle:.2f} | {low:.2f} to {high:.2f} | {to_reach} |")
    return lines


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--folder", type=Path, default=Path("data/bench"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="leave out the files of a million rows")
    parser.add_argument("--skip-pandas", action="store_true")
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="files whose name has these words, such as caxlsx, wide, csv or 'csv 1M'; can be given several times",
    )
    arguments = parser.parse_args()

    def wanted(name: str) -> bool:
        words = set(name.split())
        chosen = arguments.only is None or any(set(only.split()) <= words for only in arguments.only)
        return chosen and not (arguments.small and name.endswith("1M"))

    files = bench_files(arguments.folder, wanted)
    if not files:
        parser.error(f"no file is called {' or '.join(arguments.only)}")
    names = list(files)
    tiny = tiny_files(arguments.folder)
    plan = [*(("worker_start", name) for name in tiny), ("import_dagster", ""), ("import_code_location", "")]
    for name in names:
        plan += [("duckdb_csv_alone" if _kind(name) == "csv" else "fastexcel_alone", name), ("load", name)]
    if not arguments.skip_pandas and f"{BASE_FORM} 200k" in files:
        plan.append(("pandas_openpyxl", f"{BASE_FORM} 200k"))
    measured = measure(plan, files | tiny, arguments.rounds, arguments.folder)
    out = sys.stdout.write
    out(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"medians of {arguments.rounds}\n\n"
    )
    for (name, file), found in medians(measured).items():
        facts = ", ".join(
            f"{fact} {value:.2f}" for fact, value in found.items() if fact not in ("rows", "pandas")
        )
        out(f"{name} {file}: {facts}\n")
    lines = table(measured, names)
    if arguments.only is None:
        lines += commands_table(measure_commands(small_file(arguments.folder), arguments.rounds))
    out("\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
