import itertools
from pathlib import Path

import pytest
from component.their_project import TheirProject

NUMBERS = itertools.count(1)


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TheirProject:
    """A project whose module no other test has imported."""
    project = TheirProject.made_in(tmp_path, f"their_project_{next(NUMBERS)}")
    monkeypatch.syspath_prepend(project.root)
    return project
