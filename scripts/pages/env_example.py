"""`.env.example`, made from the table of variables: `make docs` writes it, and a test fails where it differs."""

import textwrap
from pathlib import Path

from pages.settings import meaning_of

from pipefy_exports_dagster.config.variables import VARIABLES, Variable
from pipefy_exports_dagster.sandbox import CLIENT_ID, CLIENT_SECRET, ORGANIZATION_ID, REPORT_ID, TOKEN

FILE = Path(__file__).parents[2] / ".env.example"
HEAD = "# Copy to .env and fill in. `make dev` and the command line read it."
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
    lines = [HEAD]
    for variable in VARIABLES:
        if variable.example is not None:
            lines += _entry(variable)
    lines += [
        "",
        f"# The sandbox's, for a local Pipefy started with `pipefy-exports sandbox --port {PORT}`. They open nothing "
        "else.",
        *(f"# {name}={value}" for name, value in SANDBOX.items()),
    ]
    return "\n".join(lines) + "\n"


def _entry(variable: Variable) -> list[str]:
    note = variable.example_note
    if variable.section and (not note or note.startswith(" ")):
        note = meaning_of(variable) + note
    # What goes on after a comment's "..." stands right below it.
    lines = textwrap.wrap(note, 118, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    above = [*([] if note.startswith("...") else [""]), *lines] if note else []
    mark = "# " if variable.is_commented_out else ""
    return [*above, f"{mark}{variable.name}={variable.example}"]


if __name__ == "__main__":
    FILE.write_text(env_example())
