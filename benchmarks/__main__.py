"""Measure everything, interleaved, and print medians and ratios; no pass or fail by time.

python -m benchmarks [--folder data/bench] [--rounds 3] [--small] [--skip-pandas]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from .files import bench_files, tiny_files

Medians = dict[tuple[str, str], dict[str, Any]]


def measure(plan: list[tuple[str, str]], files: dict[str, Path], rounds: int, scratch: Path) -> Medians:
    """Run each measurement in turn, round after round, so that a busy minute hits all alike."""
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {key: [] for key in plan}
    for nth in range(rounds):
        for name, file in plan:
            if nth and name == "pandas_openpyxl":
                continue  # a minute each; its ratio is far from the line
            command = [sys.executable, "-m", "benchmarks.one", name, str(files.get(file, "-")), str(scratch)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
            runs[name, file].append(json.loads(done.stdout.splitlines()[-1]))
            seconds = runs[name, file][-1]["seconds"]
            sys.stderr.write(f"round {nth + 1}: {name} {file}: {seconds:.2f} s\n")
    return {
        key: {fact: statistics.median(run[fact] for run in found) for fact in found[0]}
        for key, found in runs.items()
        if found
    }


def ratios(medians: Medians, names: list[str]) -> list[tuple[str, str, str]]:
    """What was measured beside what, and what is to be reached."""
    rows: list[tuple[str, str, str]] = []
    for name in names:
        loaded = medians["load", name]
        reader = "fastexcel_alone" if name.startswith("xlsx") else "duckdb_csv_alone"
        # A process of its own starts for each file; the imports of a workbook's reader are a part of that.
        start = medians["child_start", f"tiny {name.split()[0]}"]
        work = (loaded["cpu"] - start["cpu"]) / medians[reader, name]["cpu"]
        rows.append(
            (f"{name}: the next ratio in CPU seconds, which other programs stretch less", f"{work:.2f}", "")
        )
        share = loaded["look_cpu"] / loaded["cpu"]
        rows.append((f"{name}: rows per day and profile / load, CPU seconds", f"{share:.1%}", "5%"))
        if name.startswith("xlsx"):
            alone = medians["fastexcel_alone", name]
            apart = (loaded["seconds"] - start["seconds"]) / alone["seconds"]
            rows += [
                (f"{name}: load / fastexcel alone, a process's start apart", f"{apart:.2f}", "1.45"),
                (
                    f"{name}: peak memory of reading / fastexcel alone",
                    f"{loaded['child_mb'] / alone['peak_mb']:.2f}",
                    "1.2",
                ),
                (f"{name}: time locked / whole load", f"{loaded['locked'] / loaded['seconds']:.0%}", "25%"),
            ]
            if ("pandas_openpyxl", name) in medians:
                times = medians["pandas_openpyxl", name]["seconds"] / loaded["seconds"]
                rows.append((f"{name}: pandas with openpyxl / load", f"{times:.1f}", "10"))
        else:
            alone = medians["duckdb_csv_alone", name]
            apart = (loaded["seconds"] - start["seconds"]) / alone["seconds"]
            rows += [
                (f"{name}: load / read_csv alone, a process's start apart", f"{apart:.2f}", "2.5"),
                (
                    f"{name}: time locked / bare insert of the same rows",
                    f"{loaded['locked'] / loaded['bare_insert']:.2f}",
                    "1.3",
                ),
                (
                    f"{name}: peak memory, MB, child and parent",
                    f"{loaded['child_mb']:.0f}, {loaded['parent_mb']:.0f}",
                    "600",
                ),
            ]
    for kind in ("xlsx", "csv"):
        if f"{kind} 1M" in names:
            growth = medians["load", f"{kind} 1M"]["seconds"] / medians["load", f"{kind} 200k"]["seconds"] / 5
            rows.append((f"{kind}: time per row, 1M / 200k", f"{growth:.2f}", "1.15"))
    more = medians["import_code_location", ""]["seconds"] - medians["import_dagster", ""]["seconds"]
    rows.append(("import of the code location - import dagster, s", f"{more:.2f}", "0.5"))
    return rows


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--folder", type=Path, default=Path("data/bench"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="leave out the files of a million rows")
    parser.add_argument("--skip-pandas", action="store_true")
    arguments = parser.parse_args()
    files = bench_files(arguments.folder, large=not arguments.small)
    names = list(files)
    tiny = tiny_files(arguments.folder)
    plan = [*(("child_start", name) for name in tiny), ("import_dagster", ""), ("import_code_location", "")]
    for name in names:
        plan += [("fastexcel_alone" if name.startswith("xlsx") else "duckdb_csv_alone", name), ("load", name)]
    if not arguments.skip_pandas:
        plan.append(("pandas_openpyxl", "xlsx 200k"))
    medians = measure(plan, files | tiny, arguments.rounds, arguments.folder)
    out = sys.stdout.write
    out(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"medians of {arguments.rounds}\n\n"
    )
    for (name, file), found in medians.items():
        facts = ", ".join(
            f"{fact} {value:.2f}" for fact, value in found.items() if fact not in ("rows", "pandas")
        )
        out(f"{name} {file}: {facts}\n")
    out("\n| ratio | measured | to reach |\n|---|---|---|\n")
    for row in ratios(medians, names):
        out("| " + " | ".join(row) + " |\n")


if __name__ == "__main__":
    main()
