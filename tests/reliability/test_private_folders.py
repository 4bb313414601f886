"""Whatever makes the data folder makes it for its owner only, whatever the umask is."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.project import JOBS, Project
from support.warm_commands import PIPEFY_EXPORTS, run_warm

from pipefy_exports_dagster.files.private import make_folder

ROWS = "Código,Status\n1,done\n2,failed\n"
DEMO = "from pathlib import Path; from pipefy_exports_dagster.cli.demo.environment import sandbox_environment as make; "


def run(project: Project, *command: str, umask: int) -> None:
    environment = project.environment | {"COLUMNS": "200"}
    result = run_warm(*command, environment=environment, folder=project.root, umask=umask)
    assert result.returncode == 0, result.stdout + result.stderr


def prepare_the_instance(project: Project, _data: Path, umask: int) -> None:
    run(project, PIPEFY_EXPORTS, "instance", umask=umask)


def materialize(project: Project, _data: Path, umask: int) -> None:
    project.environment["DAGSTER_HOME"] = str(project.root / "home")
    (project.root / "home").mkdir(mode=0o700)
    run(project, *project.command(JOBS, partition="last_month"), umask=umask)


def load_into_an_asset(project: Project, _data: Path, umask: int) -> None:
    (project.root / "jobs.csv").write_text(ROWS)
    command = (PIPEFY_EXPORTS, "load", "jobs.csv", "--asset", JOBS, "--partition", "last_month")
    run(project, *command, umask=umask)


def load_into_a_table(project: Project, data: Path, umask: int) -> None:
    (project.root / "jobs.csv").write_text(ROWS)
    database = str(data / "any.duckdb")
    run(project, PIPEFY_EXPORTS, "load", "jobs.csv", "--table", "jobs", "--database", database, umask=umask)


def prepare_the_demo(project: Project, data: Path, umask: int) -> None:
    code = f"{DEMO} make('http://127.0.0.1:9', Path({str(data / 'sandbox')!r}))"
    run(project, sys.executable, "-c", code, umask=umask)


@pytest.mark.parametrize("umask", [0o000, 0o022], ids=oct)
@pytest.mark.parametrize(
    "make",
    [prepare_the_instance, materialize, load_into_an_asset, load_into_a_table, prepare_the_demo],
    ids=lambda make: make.__name__,
)
def test_whatever_makes_the_data_folder_makes_it_for_its_owner(
    make: Callable[[Project, Path, int], None], umask: int, project: Project
) -> None:
    made = project.root / "made"
    made.mkdir()
    made.chmod(0o755)
    data = made / "by us" / "data"
    for name, value in project.environment.items():
        project.environment[name] = value.replace(str(project.data_dir), str(data))
    project.environment["DAGSTER_HOME"] = ""
    make(project, data, umask)
    assert stat.S_IMODE(made.stat().st_mode) == 0o755, "what is there stays as it is"
    for path in (data.parent, data, *(path for path in data.iterdir() if path.is_dir())):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path


def test_processes_that_make_a_folder_at_once_all_have_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipefy_exports_dagster.files.private import make_folder; "
    )
    code += "make_folder(Path(sys.argv[1]))"
    deep = tmp_path.joinpath(*"abcdefgh")
    running = [subprocess.Popen([sys.executable, "-c", code, str(deep)], umask=0) for _ in range(6)]
    assert [process.wait() for process in running] == [0] * 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in (deep, *deep.parents[:7])} == {0o700}


def test_a_folder_of_the_group_with_everybody_in_it_makes_nothing_for_everybody(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    make_folder(data / "locks" / "a", root=data)
    assert {path.stat().st_mode & 0o777 for path in (data / "locks", data / "locks" / "a")} == {0o700}


def test_a_shared_folder_above_the_data_folder_does_not_share_it(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team").chmod(0o2770)
    data = tmp_path / "team" / "data"
    make_folder(data / "raw", root=data)
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "raw").stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "data" / "locks")
    (tmp_path / "loose").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "loose" / "locks")
    assert not os.path.lexists(tmp_path / "nowhere")
