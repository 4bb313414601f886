"""Makes `state.zip`: what an earlier release left behind, as its own processes wrote it.

python tests/data/earlier_release/make.py CHECKOUT: a checkout of that release (69cef6d), whose code runs here.
It starts that release's sandbox and daemon, loads exports, lets the history's sensor build months, and leaves one
export pending. `state.json` says what is in there. Nothing of it opens anything but that sandbox, which is gone.
"""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
MAIN = "from pipefy_exports_dagster.cli import main; main()"
DEFINITIONS = "pipefy_exports_dagster.definitions"


def main(checkout: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        environment = os.environ | {
            "PYTHONPATH": str(checkout),
            "DAGSTER_HOME": str(root / "data" / "dagster"),
            "PIPEFY_EXPORTS_DATA_DIR": str(root / "data"),
            "PIPEFY_EXPORTS_READ_COPY": "false",
            "DAGSTER_DISABLE_TELEMETRY": "true",
        }
        command = [sys.executable, "-c", MAIN, "sandbox", "--jobs", "400", "--cards", "60", "--port", "0"]
        sandbox = subprocess.Popen(
            [*command, "--processing-seconds", "1", "--file-format", "csv"],
            env=environment, cwd=root, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            environment |= settings(sandbox)
            fill(root, environment)
        finally:
            sandbox.terminate()
            sandbox.wait()


def settings(sandbox: "subprocess.Popen[str]") -> dict[str, str]:
    assert sandbox.stdout
    found: dict[str, str] = {}
    while "PIPEFY_ORGANIZATION_REPORT_ID" not in found:
        name, _, value = sandbox.stdout.readline().strip().removeprefix("export ").partition("=")
        if name.startswith("PIPEFY_"):
            found[name] = value
    return found


def fill(root: Path, environment: dict[str, str]) -> None:
    def run(*command: str, **changes: str) -> None:
        subprocess.run([sys.executable, *command], env=environment | changes, cwd=root, check=True)

    def materialize(asset: str, partition: str, **changes: str) -> None:
        chosen = ("--select", asset, "--partition", partition)
        run("-m", "dagster", "asset", "materialize", "-m", DEFINITIONS, *chosen, **changes)

    run("-c", MAIN, "instance")
    for name in ("history_sensor", "pending_exports_sensor"):
        run("-m", "dagster", "sensor", "start", name, "-m", DEFINITIONS)
    for name in ("last_month_exports", "month_end_history"):
        run("-m", "dagster", "schedule", "start", name, "-m", DEFINITIONS)
    materialize("automation_jobs_export", "last_month")
    materialize("organization_report_export", "last_month")
    daemon = subprocess.Popen(
        [sys.executable, "-m", "dagster._daemon", "run", "-m", DEFINITIONS], env=environment, cwd=root
    )
    time.sleep(150)
    daemon.terminate()
    daemon.wait()
    materialize("automation_jobs_export", "current_month", PIPEFY_EXPORTS_WAIT="deferred")
    pack(root, environment)


def pack(root: Path, environment: dict[str, str]) -> None:
    home = root / "data" / "dagster"
    (home / "dagster.yaml").unlink()  # a link into the checkout
    for unneeded in ("compute_logs", "logs", ".logs_queue", ".telemetry", "storage"):
        shutil.rmtree(home / unneeded, ignore_errors=True)
    for database in [*home.rglob("*.db")]:
        without_places(
            database, {str(root): "/srv/pipefy", sys.executable: "/srv/python", sys.prefix: "/srv/venv"}
        )
    with zipfile.ZipFile(HERE / "state.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(root.joinpath("data").rglob("*")):
            if path.is_file() and not path.name.endswith((".lock", "-shm", "-wal")):
                archive.write(path, path.relative_to(root))
    said = {"base_url": environment["PIPEFY_BASE_URL"], "made_at": time.time()}
    (HERE / "state.json").write_text(json.dumps(said, indent=2) + "\n")


def without_places(database: Path, places: dict[str, str]) -> None:
    """Name no folder and no host of the machine that made it."""
    places = places | {socket.gethostname(): "localhost"}
    with contextlib.closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for _, column, type_, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                if type_.upper().startswith(("TEXT", "VARCHAR", "CHAR", "CLOB")):
                    for place, name in places.items():
                        update = (
                            f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE instr({column}, ?)"
                        )
                        connection.execute(update, (place, name, place))
        connection.commit()
        connection.execute("VACUUM")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
