"""`pipefy-exports dev`: the Dagster UI on the real account, or on the sandbox where there is none."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import click
from dotenv import dotenv_values
from rich.console import Console
from rich.panel import Panel

from pipefy_exports_dagster.config import Connection
from pipefy_exports_dagster.demo.environment import sandbox_data_dir, sandbox_environment
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.instance import prepare_instance
from pipefy_exports_dagster.pipefy.credentials import read_credentials

MODULE = "pipefy_exports_dagster.definitions"


@click.command()
@click.option("--port", default=3000, show_default=True, help="The UI's port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The UI's address.")
def dev(port: int, host: str) -> None:
    """Run the Dagster UI: on the account of `.env`, or on the sandbox where there are no credentials."""
    sys.exit(run_dev(port=port, host=host, console=Console(highlight=False)))


def run_dev(*, port: int, host: str, console: Console) -> int:
    """Run `dagster dev` until it is ended.

    Args:
        port: The UI's port.
        host: The UI's address; only this machine by default.
        console: Where to say which account it works on.

    Returns:
        The exit code of `dagster dev`.
    """
    # `.env` wins over the environment, because it does in Dagster's own commands.
    environment = os.environ | {
        name: value for name, value in dotenv_values(".env").items() if value is not None
    }
    working_dir = Path.cwd()
    data_dir = Path(environment.get("PIPEFY_EXPORTS_DATA_DIR") or "data").expanduser().absolute()
    with ExitStack() as stack:
        if has_credentials(environment):
            environment["PIPEFY_EXPORTS_DATA_DIR"] = str(data_dir)
            home = environment.get("DAGSTER_HOME") or data_dir / "dagster"
            environment["DAGSTER_HOME"] = str(prepare_instance(Path(home)))
            base_url = environment.get("PIPEFY_BASE_URL") or Connection().base_url
            console.print(Panel(f"Pipefy at {base_url}, data in {data_dir}", title="pipefy-exports dev"))
        else:
            from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

            sandbox = stack.enter_context(Sandbox(SandboxSettings()).running())
            data_dir = sandbox_data_dir(data_dir)
            environment = sandbox_environment(sandbox.url, data_dir)
            working_dir = data_dir  # Dagster would read a `.env` here over the sandbox's environment
            console.print(
                Panel(
                    "No Pipefy credentials are set, so this is the SANDBOX: a local Pipefy with made-up data.\n"
                    f"It answers at {sandbox.url}; its data is in {data_dir}.\n"
                    "For the real account, copy .env.example to .env and fill it in.",
                    title="pipefy-exports dev: SANDBOX",
                    style="bold yellow",
                )
            )
        console.print(f"Dagster UI: http://{host}:{port} (Ctrl-C ends it)")
        command = [sys.executable, "-m", "dagster", "dev", "-m", MODULE, "--host", host, "--port", str(port)]
        process = subprocess.Popen(command, env=environment, cwd=working_dir)  # noqa: S603 - our own interpreter
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()  # Ctrl-C reached it too: let it end its runs and servers


def has_credentials(environment: Mapping[str, str]) -> bool:
    """Whether the environment holds a token or a service account."""
    try:
        read_credentials(Connection(), environment)
    except ConfigurationError:
        return False
    return True
