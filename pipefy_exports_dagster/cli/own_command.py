"""How a person calls this program again: in a repository, from an environment, or by uvx."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

import pipefy_exports_dagster

PROGRAM = "pipefy-exports"
PACKAGE = "pipefy-exports-dagster"
REPOSITORY = Path(pipefy_exports_dagster.__file__).parents[1]
"""Where there is a Makefile in it; of an installed package it is `site-packages`."""


def own_command(*arguments: str) -> str:
    """Return a command line of this program, to be pasted into a shell in this working directory."""
    if is_run_by_uvx(Path(sys.prefix)):
        program = ["uvx", "--from", shown_path(source()), PROGRAM]
    else:
        program = [shown_program(Path(sys.argv[0]), os.environ)]
    return shlex.join([*program, *arguments])


def is_in_repository() -> bool:
    """Whether the working directory is this program's own repository, with the targets of its Makefile."""
    return Path.cwd() == REPOSITORY and (REPOSITORY / "Makefile").is_file()


def shown_program(program: Path, environ: Mapping[str, str]) -> str:
    """Return the program's name, if a shell finds this very one by it, or else its path.

    Args:
        program: The file that was started.
        environ: `UV` says that uv has put its environment into this process's PATH, and not into the shell's.
    """
    found = None if "UV" in environ else shutil.which(program.name, path=environ.get("PATH"))
    if found and Path(found).resolve() == program.resolve():
        return program.name
    return shown_path(str(program.absolute()))


def shown_path(path: str) -> str:
    """Return a path as it is written in the working directory, where it is below it."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def is_run_by_uvx(prefix: Path) -> bool:
    """Whether an environment is in a cache, as uvx makes it: its programs may be gone tomorrow.

    uv marks its cache by a CACHEDIR.TAG, as backup programs know it; environments of people have one in themselves.
    """
    return any((folder / "CACHEDIR.TAG").is_file() for folder in list(prefix.parents)[:3])


def source() -> str:
    """Return what the package was installed from: a wheel or a folder, a repository's address, or else its name."""
    try:
        text = distribution(PACKAGE).read_text("direct_url.json")
    except PackageNotFoundError:
        text = None
    found = json.loads(text or "{}")
    url = urlsplit(found.get("url", ""))
    if not url.scheme:
        return PACKAGE
    if url.scheme == "file":
        return str(url2pathname(url.path))
    if url.scheme != "ssh":  # there it is the name of an account that all have, `git`
        url = url._replace(netloc=url.netloc.rpartition("@")[2])
    address, vcs = urlunsplit(url._replace(query="", fragment="")), found.get("vcs_info", {})
    kind, revision = vcs.get("vcs"), vcs.get("requested_revision")
    before, after = f"{kind}+" if kind else "", f"@{revision}" if revision else ""
    return f"{before}{address}{after}"
