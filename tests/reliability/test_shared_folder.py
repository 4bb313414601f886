"""A data folder that a group shares (mode 2770): each of its users works on what the others made.

Two real users need root, and an interpreter that they may run. Without, one user does the same, and the rights that
another would need are looked at.
"""

import functools
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from docs.test_how_to import blocks
from reliability.test_private_folders import ROWS
from support.project import JOBS, REPORT, Project
from support.warm_commands import run_warm

import pipefy_exports_dagster
from pipefy_exports_dagster.cli.demo.environment import sandbox_environment
from pipefy_exports_dagster.sandbox import Sandbox

READ_EVERY_LOG = """
import os, dagster as dg
with dg.DagsterInstance.from_config(os.environ["DAGSTER_HOME"]) as instance:
    for run in instance.get_runs():
        events = [record.dagster_event for record in instance.all_logs(run.run_id)]
        print([event.event_type_value for event in events if event][-1])
"""
RUN_EACH = """
import json, sys
from pipefy_exports_dagster.cli.main import main
for arguments in json.loads(sys.argv[1]):
    main(arguments, standalone_mode=False)
"""
ANNA, BENTO, STRANGER, GROUP, OTHER_GROUP = 23001, 23002, 23003, 23100, 23200


@dataclass
class User:
    """A user of this machine; `uid` None is the one who runs the tests."""

    uid: int | None
    gid: int
    python: str
    environment: Mapping[str, str]
    root: Path
    umask: int = 0o007

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return run_warm(
            self.python,
            *arguments,
            environment=self.environment,
            folder=self.root,
            umask=self.umask,
            user=self.uid,
            group=self.gid if self.uid else None,
        )

    def pipefy_exports(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.run("-c", "from pipefy_exports_dagster.cli.main import main; main()", *arguments)

    def materialize(self, *assets: str) -> None:
        command = ["-m", "dagster", "asset", "materialize", "-m", "pipefy_exports_dagster.definitions"]
        result = self.run(*command, "--select", ",".join(assets), "--partition", "last_month")
        assert result.returncode == 0, result.stdout + result.stderr

    def told_by_each(self, *commands: tuple[str, ...]) -> str:
        """Run commands one after the other, in one process."""
        result = self.run("-c", RUN_EACH, json.dumps(commands))
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def told(self, *arguments: str) -> str:
        result = self.pipefy_exports(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


@functools.cache
def python_for_others() -> str | None:
    """An interpreter of this version that another user may run; this one's may be in a home folder."""
    if os.geteuid() != 0:
        return None
    code = f"import duckdb, dagster, {pipefy_exports_dagster.__name__}, subprocess, sys; "
    code += "subprocess.run([sys.executable, '-c', ''], check=True)"
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        try:
            tried = subprocess.run(
                [python, "-c", code],
                env=path_for_others(),
                user=STRANGER,
                group=OTHER_GROUP,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if tried.returncode == 0:
            return python
    return None


def path_for_others() -> dict[str, str]:
    here = str(Path(pipefy_exports_dagster.__file__).parent.parent)
    return {"PYTHONPATH": os.pathsep.join([here, str(Path(duckdb.__file__).parent.parent)])}


@pytest.fixture
def shared(tmp_path: Path, sandbox: Sandbox) -> Iterator[Project]:
    """A project whose data folder an administrator has made, in a place that everybody can reach."""
    root = Path("/tmp", f"shared-{os.getpid()}-{tmp_path.name}")  # pytest's own are for this user only
    data = root / "data"
    data.mkdir(parents=True)
    root.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(data, ANNA, GROUP)
    data.chmod(0o2770)
    made = sandbox_environment(sandbox.url, tmp_path / "unused")
    environment = {name: value.replace(str(tmp_path / "unused"), str(data)) for name, value in made.items()}
    environment["PIPEFY_EXPORTS_CHECKS"] = "false"  # each would be a step in a process of its own
    try:
        yield Project(root, environment)
    finally:
        shutil.rmtree(root)


def users(project: Project, *uids: int) -> list[User]:
    python = python_for_others()
    if not python:
        pytest.skip("two users need root, and an interpreter that they may run")
    environment = project.environment | path_for_others() | {"HOME": "/"}
    return [
        User(uid, OTHER_GROUP if uid == STRANGER else GROUP, python, environment, project.root)
        for uid in uids
    ]


@pytest.mark.timeout(400)
def test_two_users_of_a_group_work_in_turn_and_a_stranger_cannot(shared: Project) -> None:
    anna, bento, stranger = users(shared, ANNA, BENTO, STRANGER)
    assert anna.told("instance").strip() == str(shared.home)
    anna.materialize(JOBS)
    bento.materialize(JOBS, REPORT)
    newest = shared.materializations(JOBS, "last_month")[0]
    # The sandbox has fewer in the month before, the further the current one is.
    rows = newest["dagster/row_count"]
    assert rows > 100
    (shared.root / "jobs.csv").write_text(f"Código,Started at\n1,{datetime.now(UTC):%Y-%m-%d %H:%M:%S}\n")
    for user in (anna, bento):
        told = user.told_by_each(
            ("query", f"SELECT count(*) FROM {JOBS} WHERE _period_filter = 'last_month'"),
            ("exports",),
            ("load", "jobs.csv", "--asset", JOBS, "--partition", "current_month"),
            ("rebuild-history",),
            ("doctor",),
        )
        assert told.split(JOBS)[0].split()[1] == str(rows)
        assert told.count(JOBS) > 1
        assert "all is well" in told, told
    owners = {path.lstat().st_uid for path in shared.data_dir.rglob("*")}
    assert owners == {ANNA, BENTO}
    assert {path.lstat().st_gid for path in shared.data_dir.rglob("*")} == {GROUP}
    refused = stranger.run("-c", f"open({str(shared.database)!r})")
    assert "PermissionError" in refused.stderr
    for user in (anna, bento):
        assert user.run("-c", READ_EVERY_LOG).stdout.split() == ["PIPELINE_SUCCESS"] * 2, (
            "also of the other's runs"
        )


@pytest.mark.timeout(400)
def test_two_users_share_the_tables_also_where_one_forgot_the_umask(shared: Project) -> None:
    """Ours are right whatever the umask is: locks, raw files, tables, the copy. Of Dagster's the doctor tells."""
    anna, bento = users(shared, ANNA, BENTO)
    anna.umask = 0o022
    assert "umask is 0022" in anna.told("doctor")
    (shared.root / "jobs.csv").write_text(ROWS)
    table = ("load", "jobs.csv", "--table", "jobs", "--database", str(shared.database))
    anna.told(*table)
    bento.told(*table)
    anna.told(*table)
    assert shared.query("SELECT count(*) FROM jobs") == [(2,)]


@pytest.mark.timeout(400)
def test_everything_in_a_shared_folder_is_the_groups(shared: Project) -> None:
    """As one user, so that it is seen without root too."""
    user = User(None, 0, sys.executable, shared.environment, shared.root)
    user.told("instance")
    user.materialize(JOBS, REPORT)
    user.told("rebuild-history")
    check_rights(shared)


@pytest.mark.timeout(120)
def test_a_folder_in_use_is_shared_by_the_commands_of_the_documentation(project: Project) -> None:
    assert project.materialize(JOBS).success
    group = os.getgid() if os.geteuid() else GROUP
    [commands] = [text for text in blocks("how-to.md", "sh") if "chgrp -R" in text]
    commands = commands.replace("analysts", str(group)).replace("/srv/pipefy/data", str(project.data_dir))
    subprocess.run(["sh", "-ec", commands], check=True)
    check_rights(project)
    user = User(None, 0, sys.executable, project.environment, project.root)
    user.materialize(JOBS, REPORT)
    check_rights(project)
    assert "all is well" in user.told("doctor")


def check_rights(project: Project) -> None:
    """Folders and files are the group's, and nobody else's; only a run's own log is read by it, and not written."""
    runs = project.home / "history" / "runs"
    for path in (project.data_dir, *project.data_dir.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = 0o2770 if path.is_dir() else 0o660
        if path.parent == runs and not path.name.startswith(("index.", ".")):
            wanted = 0o640
        assert mode & wanted == wanted, f"{path} has mode {mode:04o}"
        assert not mode & stat.S_IRWXO, f"{path} has mode {mode:04o}"
        assert path.stat().st_gid == project.data_dir.stat().st_gid
