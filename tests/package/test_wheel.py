"""The package as people install it: the wheel alone, in an environment of its own, outside of the repository."""

import json
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import duckdb
import pytest
from component.their_project import TYPE, TheirProject
from package.installing import REPOSITORY, Installed, run

from pipefy_exports_dagster.cli.demo.environment import sandbox_environment
from pipefy_exports_dagster.sandbox import Sandbox

DATA_FILES = {"dagster.yaml", "py.typed", "component/starter.yaml", "sandbox/schema.graphql"}

YAML = """
type: {type}
attributes:
  organization_id: "{{{{ env.PIPEFY_ORG_ID }}}}"
  connection:
    base_url: "{{{{ env.PIPEFY_BASE_URL }}}}"
    allow_insecure_urls: true
  data_dir: data
"""


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed") / "env"
    uv = str(Path(sys.prefix) / "bin" / "uv")
    # The versions of these tests, so that a release of somebody else's this morning does not fail this one.
    versions = folder.parent / "versions.txt"
    own = (found for found in distributions() if found.name != "pipefy-exports-dagster")
    versions.write_text("".join(f"{found.name}=={found.version}\n" for found in own))
    run(uv, "venv", "--quiet", "--python", sys.executable, str(folder), cwd=folder.parent)
    install = ("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"))
    run(uv, *install, "--constraint", str(versions), str(wheel), "dagster-dg-cli", cwd=folder.parent)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    bare.pop("PYTHONPATH", None)
    bin_ = folder / "bin"
    return Installed(bin_, bare | {"VIRTUAL_ENV": str(folder), "PATH": f"{bin_}:{os.environ['PATH']}"})


def test_the_wheel_has_all_of_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    files = run("git", "ls-files", "pipefy_exports_dagster", cwd=REPOSITORY).split()
    assert {name for name in names if ".dist-info/" not in name} == {
        *files,
        "pipefy_exports_dagster/dagster.yaml",
    }
    assert {f"pipefy_exports_dagster/{name}" for name in DATA_FILES} <= names


def test_the_sdist_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since 3.11.4
        archive.extractall(tmp_path, **safely)  # type: ignore[arg-type]  # noqa: S202 - made by ourselves
    [source] = tmp_path.iterdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=source)
    [again] = tmp_path.glob("*.whl")
    assert contents(again) == contents(wheel)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_installed_wheel_is_scaffolded_checked_and_loads_an_export(
    installed: Installed, tmp_path: Path, start_sandbox: Callable[..., Sandbox]
) -> None:
    theirs = TheirProject.made_in(tmp_path, "their_project")
    where = installed.run(
        "python", "-c", "import pipefy_exports_dagster as p; print(p.__file__)", cwd=tmp_path
    )
    assert Path(where.strip()).is_relative_to(installed.bin.parent)
    path = installed.run("python", "-c", "import sys; print(*sys.path, sep='\\n')", cwd=tmp_path)
    assert not [entry for entry in path.splitlines() if Path(entry).is_relative_to(REPOSITORY)]

    data_dir = theirs.root / "data"
    settings = sandbox_environment(start_sandbox().url, data_dir)
    ours = {name: value for name, value in settings.items() if name.startswith(("PIPEFY_", "DAGSTER_"))}
    installed = Installed(installed.bin, installed.environment | ours)
    installed.run("dg", "scaffold", "defs", TYPE, "my_pipefy", cwd=theirs.root)
    assert "organization_id:" in theirs.yaml.read_text()
    theirs.write(YAML.format(type=TYPE))
    checked = installed.run("dg", "check", "defs", cwd=theirs.root)
    assert "All definitions loaded successfully." in checked
    listed = installed.run("dg", "list", "defs", "--json", cwd=theirs.root)
    found = json.loads(listed[listed.index("{") :])
    assert "automation_jobs_export" in {asset["asset_key"] or asset["name"] for asset in found["assets"]}

    installed.run(
        "dagster", "asset", "materialize", "-m", f"{theirs.name}.definitions",
        "--select", "automation_jobs_export", "--partition", "last_month", cwd=theirs.root,
    )  # fmt: skip
    with duckdb.connect(data_dir / "pipefy_exports.duckdb", read_only=True) as connection:
        rows = connection.execute("SELECT count(*) FROM automation_jobs_export").fetchone()
    assert rows is not None
    assert rows[0] > 0


def test_what_an_installed_demo_says_to_do_next_is_there_to_be_done(
    installed: Installed, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from pipefy_exports_dagster.cli.demo.next_steps import next_steps; "
        "from pipefy_exports_dagster import PipefyExportsConfig; sys.argv[0] = str(Path(sys.executable).with_name("
        "'pipefy-exports')); print(*next_steps(PipefyExportsConfig(), Path('x.svg'), has_credentials=False), sep='\\n')"
    )
    said = installed.run("python", "-c", code, cwd=tmp_path)
    assert " pipefy-exports dev " in said
    assert " pipefy-exports init " in said
    assert "make" not in said
    assert "pipefy-exports doctor" in installed.run("pipefy-exports", "init", cwd=tmp_path)
    assert "PIPEFY_EXPORTS_HISTORY_START=20" in (tmp_path / ".env").read_text()
    assert "--sandbox" in installed.run("pipefy-exports", "dev", "--help", cwd=tmp_path)
