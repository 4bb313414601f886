"""The containers' files, as far as they can be looked at without running one."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from packaging.requirements import Requirement

from pipefy_exports_dagster.cli.instance import shipped_dagster_yaml
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import Wait
from pipefy_exports_dagster.config.variables import VARIABLES

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def locked(path: Path) -> dict[str, set[str]]:
    """Each package with its versions; some differ by Python's."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", path.read_text(), re.MULTILINE
    ):
        found.setdefault(name, set()).add(version)
    return found


def test_there_is_one_of_each() -> None:
    assert SERVICES.keys() == {"postgres", "worker", "webserver", "daemon"}
    assert {volume.partition(":")[0] for one in SERVICES.values() for volume in one["volumes"]} == set(
        COMPOSE["volumes"]
    )
    assert all(one["healthcheck"]["test"][0] == "CMD" for one in SERVICES.values())
    for one in SERVICES.values():
        assert set(one.get("depends_on", {})) <= SERVICES.keys()


def test_secrets_are_in_a_file_and_credentials_with_the_worker_only() -> None:
    assert [name for name, one in SERVICES.items() if "env_file" in one] == ["worker"]
    passwords = {
        value
        for one in SERVICES.values()
        for name, value in one["environment"].items()
        if name.endswith("PASSWORD")
    }
    assert len(passwords) == 1
    assert passwords.pop().startswith("${DAGSTER_PG_PASSWORD:?")
    assert SERVICES["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    ignored = subprocess.run(
        ["git", "check-ignore", "-q", "deploy/.env"], cwd=REPOSITORY, check=False, capture_output=True
    )
    assert ignored.returncode == 0
    assert not [
        line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if ".env" in line[:5]
    ]


def test_the_image_is_pinned_and_runs_as_no_root() -> None:
    assert "--require-hashes -r /build/$REQUIREMENTS" in DOCKERFILE
    assert re.search(r"^USER pipefy$", DOCKERFILE, re.MULTILINE)
    shared = locked(REPOSITORY / "requirements.lock")
    ours = locked(DEPLOY / "requirements.lock")
    assert {name: versions for name, versions in ours.items() if versions != shared.get(name, versions)} == {}
    assert {"dagster-postgres", "dagster-webserver", "hatchling"} <= ours.keys()


def test_the_image_of_several_machines_has_what_they_need_in_the_versions_that_are_tested() -> None:
    tested = locked(REPOSITORY / "requirements-dev.lock")
    ours = locked(DEPLOY / "requirements-scale.lock")
    assert {name: versions for name, versions in ours.items() if versions != tested.get(name, versions)} == {}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = {Requirement(one).name for one in project["optional-dependencies"]["scale"]}
    assert (
        wanted | {"dagster-k8s", "dagster-webserver", "hatchling", "psycopg2-binary", "redis"} <= ours.keys()
    )
    assert ours["dagster-k8s"] == ours["dagster-postgres"]


def test_what_the_image_is_built_with_can_be_named() -> None:
    named = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE, re.MULTILINE))
    assert named == {"REQUIREMENTS": "requirements.lock", "INSTANCE": "dagster.yaml"}
    others = dict(re.findall(r"--build-arg (\w+)=(\S+)", DOCKERFILE))
    assert others.keys() == named.keys()
    for path in (*named.values(), *others.values(), "kubernetes/dagster.yaml"):
        assert (DEPLOY / path).is_file()


def test_all_that_is_copied_is_there_and_not_left_out() -> None:
    kept = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = [
        path
        for line in re.findall(r"^COPY (?!--from)(?:--\S+ )?(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for path in line.split()
    ]
    assert set(copied) == kept
    assert all((REPOSITORY / path).exists() for path in copied)


def test_the_instance_is_the_shipped_one_in_postgres() -> None:
    settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    storage = settings.pop("storage")
    assert settings == yaml.safe_load(shipped_dagster_yaml().read_text())
    needed = {
        value["env"] for value in storage["postgres"]["postgres_db"].values() if isinstance(value, dict)
    }
    for name in ("worker", "webserver", "daemon"):
        assert needed | {"DAGSTER_HOME"} <= SERVICES[name]["environment"].keys()
    [server] = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    assert server["grpc_server"]["host"] in SERVICES
    assert str(server["grpc_server"]["port"]) in DOCKERFILE


@pytest.mark.parametrize("where", ["celery", "kubernetes"])
def test_the_instance_of_several_machines_is_the_shipped_one_with_another_launcher(where: str) -> None:
    settings = yaml.safe_load((DEPLOY / where / "dagster.yaml").read_text())
    storage = settings.pop("storage")["postgres"]["postgres_db"]
    launcher = settings.pop("run_launcher")
    assert settings == yaml.safe_load(shipped_dagster_yaml().read_text())
    assert storage.pop("scheme") == "postgresql+psycopg2"
    assert "Launcher" in launcher["class"]
    given = set(dotenv_values(DEPLOY / "celery" / "environment"))
    assert {value["env"] for value in storage.values()} <= given
    if where == "celery":
        assert {value["env"] for value in launcher["config"].values()} <= given


def test_the_environment_of_a_worker_has_settings_that_there_are_and_defers_the_waiting() -> None:
    given = dotenv_values(DEPLOY / "celery" / "environment")
    ours = {name for name in given if name.startswith("PIPEFY_")}
    assert ours <= {variable.name for variable in VARIABLES}
    config = config_from_environment({name: given[name] or "" for name in ours})
    assert config.wait is Wait.DEFERRED
    assert config.raw_files
    assert config.lake
    assert os.access(DEPLOY / "celery" / "worker", os.X_OK)


def test_the_packages_that_it_installs_are_the_lock_of_the_package() -> None:
    wanted = Requirement("dagster-postgres==0.29.*")
    [version] = locked(DEPLOY / "requirements.lock")["dagster-postgres"]
    [dagster] = locked(DEPLOY / "requirements.lock")["dagster"]
    assert wanted.specifier.contains(version)
    assert version.rpartition(".")[2] == dagster.rpartition(".")[2]


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="there is no docker-compose here")
def test_docker_compose_takes_it(tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    shutil.copytree(DEPLOY, folder)
    example = (REPOSITORY / ".env.example").read_text()
    (folder / ".env").write_text(f"{example}PIPEFY_ORG_ID=300\nDAGSTER_PG_PASSWORD=secret\n")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    command = ["docker-compose", "-f", "compose.yaml", "config"]
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    taken = yaml.safe_load(done.stdout)
    assert taken["services"].keys() == SERVICES.keys()
    assert taken["services"]["worker"]["environment"]["PIPEFY_ORG_ID"] == "300"
    assert "PIPEFY_TOKEN" not in taken["services"]["webserver"]["environment"]
    (folder / ".env").write_text(example)
    refused = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "write it into deploy/.env" in refused.stderr
