"""An environment without any setting of ours."""

import os

import pytest


@pytest.fixture
def bare_environment() -> dict[str, str]:
    """The environment of somebody who has set nothing up yet."""
    ours = ("PIPEFY_", "DAGSTER_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
