"""A run whose reader meets trouble of the machine: the export stays pending, and loads when that is fixed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from reliability.scene import Scene
from support.project import JOBS, Project
from support.reader_faults import READER_FAULTS, inject

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = SandboxSettings(jobs=300, cards=20, processing_seconds=0.1)
    with Sandbox(settings).running() as sandbox:
        project = Project.for_sandbox(Path(tmp_path_factory.mktemp("trouble")) / "project", sandbox.url)
        assert project.materialize(JOBS).success
        yield Scene(sandbox, project)


ONE_OF_EACH_WAY = ("a limit of file sizes", "killed", "segmentation fault", "quota", "a fault of ours")
"""Said by the reader, by its end, and as something that may pass; `test_worker` has all."""


@pytest.mark.parametrize("trouble", ONE_OF_EACH_WAY)
def test_trouble_of_the_machine_costs_no_export(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    code, error, says = READER_FAULTS[trouble]
    before, raw_before, exports_before = scene.content(), set(scene.project.raw_files()), scene.exports
    with monkeypatch.context() as patched:
        inject(tmp_path / "faults", code, patched)
        environment = scene.environments["token"]
        patched.setitem(scene.environments, "token", environment | {"PYTHONPATH": os.environ["PYTHONPATH"]})
        for _ in range(2):
            failed = scene.run("token")
            assert (failed.success, failed.failure_class) == (False, error), failed.failure
            assert says in failed.failure
            assert scene.content() == before
    [raw] = set(scene.project.raw_files()) - raw_before
    content = raw.read_bytes()

    fixed = scene.run("token")
    assert fixed.success, fixed.failure
    assert scene.exports - exports_before == 1
    assert raw.read_bytes() == content
    assert any("resuming export" in message for message in fixed.messages)
