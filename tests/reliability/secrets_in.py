"""What must be nowhere, in the forms in which it could be written, and where it was found."""

import base64
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import pytest
from support.project import JOBS, Project

from pipefy_exports_dagster.sandbox import well_known

SECRETS = {
    "token": well_known.TOKEN,
    "client secret": well_known.CLIENT_SECRET,
    "access token": well_known.ACCESS_TOKEN_PREFIX,
    "token in base64": base64.b64encode(well_known.TOKEN.encode()).decode()[:30],
    "token in hex": well_known.TOKEN.encode().hex(),
    "token with percent": quote(well_known.TOKEN.replace("-", "%2D")),
    "token with backslashes": "\\u0073\\u0061\\u006e\\u0064",
    "signature of a link": "signature=",
    "signature of a link, encoded": "signature%3D",
    "expiry of a link": "expires_on=",
}


def secrets_told(
    said: Iterable[str],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    secrets: Mapping[str, str] = SECRETS,
) -> list[tuple[str, str]]:
    """Return the lines with a secret in what was said, printed, and logged at any level."""
    captured = capfd.readouterr()
    # The sandbox runs in this process; what its web server logs is Pipefy's side.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    told = "\n".join([captured.out, captured.err, *logged, *said])
    return [(name, line) for name, secret in secrets.items() for line in told.splitlines() if secret in line]


def secrets_on_disk(project: Project, secrets: Mapping[str, str] = SECRETS) -> list[tuple[str, str]]:
    """Return the files with a secret, in their content or their name; DuckDB may keep the tables' text compressed."""
    found = []
    if project.database.exists():
        rows = "\n".join(str(row) for row in project.query(f"SELECT * FROM {JOBS}"))
        found += [(name, "a row") for name, secret in secrets.items() if secret in rows]
    for path in project.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [(name, str(path)) for name, secret in secrets.items() if secret.encode() in content]
            found += [(name, str(path)) for name, secret in secrets.items() if secret in path.name]
    return found
