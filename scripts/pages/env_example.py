"""`.env.example`, made from the table of variables: `make docs` writes it, and a test fails where it differs."""

from pathlib import Path

from pipefy_exports_dagster.config.env_template import env_lines
from pipefy_exports_dagster.sandbox import CLIENT_ID, CLIENT_SECRET, ORGANIZATION_ID, REPORT_ID, TOKEN

FILE = Path(__file__).parents[2] / ".env.example"
HEAD = (
    "# Settings, which `make dev` and the command line read from .env. `pipefy-exports init` writes one, with the",
    "# first month of the histories; or copy this file to .env. Then fill in what is empty.",
)
PORT = 8321
SANDBOX = {
    "PIPEFY_BASE_URL": f"http://127.0.0.1:{PORT}",
    "PIPEFY_ALLOW_INSECURE_URLS": "true",
    "PIPEFY_TOKEN": TOKEN,
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": CLIENT_ID,
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": CLIENT_SECRET,
    "PIPEFY_ORG_ID": ORGANIZATION_ID,
    "PIPEFY_ORGANIZATION_REPORT_ID": REPORT_ID,
}


def env_example() -> str:
    """Return the file as it should be."""
    lines = [
        *HEAD,
        *env_lines({}),
        "",
        f"# The sandbox's, for a local Pipefy started with `pipefy-exports sandbox --port {PORT}`. They open nothing "
        "else.",
        *(f"# {name}={value}" for name, value in SANDBOX.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(env_example())
