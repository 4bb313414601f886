# ruff: noqa: INP001, T201, S603 -- a script, which prints, and runs commands that it names itself
"""Run the vendor's own command line against the sandbox, to see that the sandbox is what it expects.

Installs `pipefy-cli`, a pre-release, into an environment of its own: it is no dependency of this
project. Run it with the project's interpreter: `.venv/bin/python scripts/vendor_check.py`.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / ".venv-vendor"
PACKAGE = "pipefy-cli"
SHOWN_LINES = 12
LAST_SETTING = "PIPEFY_PIPE_REPORT_ID"
"""Of those that the sandbox prints."""
PIPE_UUID = "query ($id: ID!) { pipe(id: $id) { uuid } }"


def main() -> int:
    """Check the commands; return how many failed."""
    executable = install()
    command = [str(Path(sys.executable).with_name("pipefy-exports")), "sandbox", "--port", "0"]
    options = ["--jobs", "500", "--cards", "200", "--processing-seconds", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            settings = read_settings(sandbox)
            failed, count = check(executable, settings)
        finally:
            sandbox.terminate()
    print(f"{failed} of {count} commands failed" if failed else f"all {count} commands work")
    return failed


def install() -> Path:
    """Install the vendor's command line, unless it is there already, and return its path."""
    executable = VENDOR / "bin" / "pipefy"
    if not executable.exists():
        print(f"installing {PACKAGE} into {VENDOR.name}", flush=True)
        venv.create(VENDOR, with_pip=True, clear=True)
        pip = [str(VENDOR / "bin" / "python"), "-m", "pip", "install", "--quiet", "--pre", PACKAGE]
        subprocess.run(pip, check=True)
    return executable


def read_settings(sandbox: "subprocess.Popen[str]") -> dict[str, str]:
    """Read the settings that the sandbox prints once it is ready."""
    settings: dict[str, str] = {}
    for line in sandbox.stdout or ():
        name, separator, value = line.strip().partition("=")
        if separator:
            settings[name] = value
        if name == LAST_SETTING:
            return settings
    raise SystemExit("the sandbox did not start")


def pipe_uuid(settings: dict[str, str]) -> str:
    """Return the uuid of the sandbox's pipe, which the vendor's list of its reports takes."""
    body = json.dumps({"query": PIPE_UUID, "variables": {"id": settings["PIPEFY_PIPE_ID"]}}).encode()
    headers = {"Authorization": f"Bearer {settings['PIPEFY_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{settings['PIPEFY_BASE_URL']}/graphql", body, headers)  # noqa: S310 - the sandbox
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the sandbox
        uuid: str = json.load(answer)["data"]["pipe"]["uuid"]
    return uuid


def check(executable: Path, settings: dict[str, str]) -> tuple[int, int]:
    """Run each command, show what it says, and count those that fail, and all."""
    names = ("PIPEFY_BASE_URL", "PIPEFY_TOKEN", "PIPEFY_ALLOW_INSECURE_URLS")
    # A home of its own, so that neither its files nor a person's own Pipefy settings play a part.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIPEFY_")},
        **{name: settings[name] for name in names},
        "HOME": str(VENDOR),
        "XDG_CONFIG_HOME": str(VENDOR / "config"),
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    organization, report = settings["PIPEFY_ORG_ID"], settings["PIPEFY_ORGANIZATION_REPORT_ID"]
    failed = count = 0

    def run(*arguments: str, expect: Callable[[Any], bool]) -> Any:
        nonlocal failed, count
        count += 1
        answer, output = call(executable, arguments, environment)
        works = answer is not None and _holds(expect, answer)
        failed += not works
        print(f"\n{'ok    ' if works else 'FAILED'}  pipefy {' '.join(arguments)}")
        lines = output.rstrip().splitlines()
        print("\n".join(f"        {line}" for line in lines[:SHOWN_LINES]))
        if len(lines) > SHOWN_LINES:
            print(f"        ... and {len(lines) - SHOWN_LINES} more lines")
        return answer if works else None

    run("org", "list", expect=lambda answer: answer[0]["id"] == organization)
    run(
        *("report-org", "list", "--org", organization),
        expect=lambda answer: answer["organizationReports"]["edges"][0]["node"]["id"] == report,
    )
    run(
        *("report-org", "get", report),
        expect=lambda answer: len(answer["organizationReport"]["fields"]) > 0,
    )
    run(
        *("report-org", "export", "--org", organization, "--organization-report-id", report),
        expect=lambda answer: answer["exportOrganizationReport"]["organizationReportExport"]["id"],
    )
    created = run(
        *("export", "automation-jobs", "--org", organization, "--period", "last_month"),
        expect=lambda answer: answer["createAutomationJobsExport"]["automationJobsExport"]["id"],
    )
    export_id = created["createAutomationJobsExport"]["automationJobsExport"]["id"] if created else "none"
    run(
        *("automation", "export", "status", export_id),
        expect=lambda answer: answer["automationJobsExport"]["fileUrl"].startswith(
            settings["PIPEFY_BASE_URL"]
        ),
    )
    pipe, pipe_report = settings["PIPEFY_PIPE_ID"], settings["PIPEFY_PIPE_REPORT_ID"]
    run(
        *("report-pipe", "list", "--pipe", pipe_uuid(settings)),
        expect=lambda answer: answer["pipeReports"]["edges"][0]["node"]["id"] == pipe_report,
    )
    run(
        *("report-pipe", "columns", "--pipe", pipe_uuid(settings)),
        expect=lambda answer: "created_at" in {one["name"] for one in answer["pipeReportColumns"]},
    )
    run(
        *(
            "report-pipe",
            "export",
            "--pipe",
            pipe,
            "--report-id",
            pipe_report,
            "--columns",
            '["title", "created_at"]',
        ),
        expect=lambda answer: answer["exportPipeReport"]["pipeReportExport"]["id"],
    )
    return failed, count


def call(executable: Path, arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[Any, str]:
    """Run a command; return its JSON answer, None where there is none, and all that it printed."""
    started = time.monotonic()
    done = subprocess.run(
        [str(executable), *arguments, "--json"],
        env=environment,
        cwd=VENDOR,  # it reads `.env` from where it runs
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = f"{done.stdout}{done.stderr}".rstrip() + f"\n({time.monotonic() - started:.1f} s)"
    try:
        return (json.loads(done.stdout) if done.returncode == 0 else None), output
    except ValueError:
        return None, output


def _holds(expect: Callable[[Any], bool], answer: Any) -> bool:
    try:
        return bool(expect(answer))
    except (AttributeError, IndexError, KeyError, TypeError):
        return False


if __name__ == "__main__":
    sys.exit(main())
