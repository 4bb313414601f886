"""One of many processes that load slices of one table at once: `python -m scale.slices NUMBER ROUNDS`.

Each waits until all are there. All of them load the same first slice of another table as well.
"""

import os
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from support.loader import LAST_MONTH, Loader

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.tables import replace_slice
from pipefy_exports_dagster.tables.stores import table_store

PROCESSES = 8
ROWS = 50
FIRST, TABLE = "first", "jobs"


def main() -> None:
    """Load the slice again and again; fail where one load does."""
    number, rounds = int(sys.argv[1]), int(sys.argv[2])
    meeting = Path(os.environ["STOPS"])
    loader = Loader(Path(os.environ["TMPDIR"]))
    file = loader.csv("n,name\n" + "".join(f"{row},row {row}\n" for row in range(ROWS)))
    with loader.staged(file) as staged:
        store = table_store(config_from_environment())
        (meeting / f"here-{number}").touch()
        while len(list(meeting.glob("here-*"))) < PROCESSES:
            time.sleep(0.02)
        replace_slice(staged, database=store, table=FIRST, slice_=LAST_MONTH, read_copy=False)
        for turn in range(rounds):
            slice_ = replace(
                LAST_MONTH,
                organization_id=str(number),
                export_id=f"{number}-{turn}",
                exported_at=LAST_MONTH.exported_at + timedelta(seconds=turn),
            )
            replace_slice(staged, database=store, table=TABLE, slice_=slice_, read_copy=False)


if __name__ == "__main__":
    main()
