"""What an agency's day costs, from measurements and three estimates: `python -m benchmarks.scale.on_paper`."""

import sys
from dataclasses import dataclass

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Measured:
    """What one thing costs on two cores; `docs/performance.md` and `docs/scale.md` say how it was measured.

    `lock_s`, `events_kb` and `tick_s` are estimates. Times are CPU seconds; `lock_s` is by the clock, with the lock of
    the database held; ticks are of one organization of ten reports, once their event log is known.
    """

    run_s: float = 1.4
    read_200k_s: float = 3.0
    lock_s: float = 0.12
    full_copy_5_gb_s: float = 8.0
    requests_before_polling: int = 2
    polls_10_s: int = 2
    polls_2_min: int = 20
    file_mb_small: float = 0.1
    file_mb_200k: float = 15.0
    events_kb: float = 60.0
    tick_s: float = 0.03
    ticks_per_day: int = SECONDS_PER_DAY // 30 + SECONDS_PER_DAY // 60 + SECONDS_PER_DAY // 600


def rows(organizations: int, reports: int, m: Measured) -> list[tuple[str, str]]:
    """Return the lines of the table: what, and how much a day."""
    exports = organizations * reports
    low, high = (exports * (m.requests_before_polling + polls + 1) for polls in (m.polls_10_s, m.polls_2_min))
    ticks = organizations * m.ticks_per_day

    def hours(seconds: float) -> str:
        return f"{seconds / 3600:.1f} h"

    return [
        ("exports", f"{exports:,}"),
        ("requests to Pipefy", f"{low:,} (exports of 10 s) to {high:,} (of two minutes)"),
        ("CPU of the runs, small files", hours(exports * m.run_s)),
        ("CPU of the runs, files of 200,000 rows", hours(exports * (m.run_s + m.read_200k_s))),
        ("the database's lock, changes copied", hours(exports * m.lock_s)),
        ("the database's lock, 5 GB copied at each load", hours(exports * m.full_copy_5_gb_s)),
        ("raw files", f"{exports * m.file_mb_small / 1000:.1f} to {exports * m.file_mb_200k / 1000:.0f} GB"),
        ("event log", f"{exports * m.events_kb / 1e6:.2f} GB"),
        (
            f"ticks of the sensors of {organizations} configurations",
            f"{ticks:,}, {hours(ticks * m.tick_s)} of CPU",
        ),
    ]


def main() -> None:
    """Print the table."""
    lines = ["| 200 organizations x 10 reports | a day |", "|---|---|"]
    lines += [f"| {what} | {how_much} |" for what, how_much in rows(200, 10, Measured())]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
