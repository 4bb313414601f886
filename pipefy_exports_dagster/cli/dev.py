"""`pipefy-exports dev`: the Dagster UI on the real account, or on the sandbox where there is none."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
from rich.console import Console
from rich.panel import Panel

from pipefy_exports_dagster.cli.demo.environment import sandbox_data_dir, sandbox_environment
from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.cli.own_command import own_command
from pipefy_exports_dagster.cli.settings import has_credentials
from pipefy_exports_dagster.config.dotenv import dagster_home_of, data_dir_of, environment_with_dotenv
from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.config.setting_names import VARIABLE_OF
from pipefy_exports_dagster.errors import ConfigurationError, PipefyExportsError
from pipefy_exports_dagster.files.posix import require_posix
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy

UI_URL_VARIABLE = VARIABLE_OF["PipefyExportsConfig", "ui_url"]
MODULE = "pipefy_exports_dagster.definitions"
ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Windows has no SIGHUP."""


@click.command()
@click.option("--port", default=3000, show_default=True, help="The UI's port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The UI's address.")
@click.option("--sandbox", is_flag=True, help="The sandbox, also where there are credentials.")
def dev(port: int, host: str, *, sandbox: bool) -> None:
    """Run the Dagster UI: on the account of `.env`, or on the sandbox where there are no credentials."""
    try:
        sys.exit(run_dev(port=port, host=host, sandbox=sandbox, console=Console(highlight=False)))
    except PipefyExportsError as error:
        raise click.ClickException(str(error)) from None


def run_dev(*, port: int, host: str, sandbox: bool, console: Console) -> int:
    """Run `dagster dev` until it is ended.

    Args:
        port: The UI's port.
        host: The UI's address; only this machine by default.
        sandbox: Whether it works on the sandbox even where there are credentials.
        console: Where to say which account it works on.

    Returns:
        The exit code of `dagster dev`.
    """
    require_posix("`pipefy-exports dev`")
    require_web_server()
    refuse_taken_port(host, port)
    environment = environment_with_dotenv()
    with ExitStack() as stack:
        if not sandbox and has_credentials(environment):
            environment, working_dir = _account_environment(environment, console), Path.cwd()
        else:
            working_dir = sandbox_data_dir(data_dir_of(environment))  # in ours, Dagster would read a `.env`
            environment = stack.enter_context(_sandbox_environment(working_dir, console, asked_for=sandbox))
        environment = with_ui_url(environment, host, port)
        console.print(f"Dagster UI: {_address(host, port)} (Ctrl-C ends it)")
        command = [sys.executable, "-m", "dagster", "dev", "-m", MODULE, "--host", host, "--port", str(port)]
        return run_until_ended(command, environment=environment, working_dir=working_dir)


def with_ui_url(environment: Mapping[str, str], host: str, port: int) -> dict[str, str]:
    """Return the environment with the UI's address, for the links in messages, unless it has one."""
    if environment.get(UI_URL_VARIABLE, "").strip():
        return dict(environment)
    is_everywhere = host in {"0.0.0.0", "::", "*"}  # noqa: S104 - nothing is bound here
    return {**environment, UI_URL_VARIABLE: _address(socket.gethostname() if is_everywhere else host, port)}


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _account_environment(environment: dict[str, str], console: Console) -> dict[str, str]:
    """Return the environment for the real account, with a prepared instance."""
    os.environ.update(environment)  # a `dagster.yaml` may name variables
    data_dir = data_dir_of(environment)
    home = prepare_instance(dagster_home_of(environment), data_dir=data_dir)
    base_url = AddressPolicy(allow_insecure=True).check_base_url(
        environment.get("PIPEFY_BASE_URL") or Connection().base_url
    )
    console.print(Panel(f"Pipefy at {base_url}, data in {data_dir}", title="pipefy-exports dev"))
    return environment | {"PIPEFY_EXPORTS_DATA_DIR": str(data_dir), "DAGSTER_HOME": str(home)}


@contextmanager
def _sandbox_environment(data_dir: Path, console: Console, *, asked_for: bool) -> Iterator[dict[str, str]]:
    """Run a sandbox meanwhile, and yield the environment for it."""
    from pipefy_exports_dagster.cli.demo.first_month import with_first_month
    from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

    with Sandbox(SandboxSettings()).running() as sandbox:
        environment = with_first_month(sandbox_environment(sandbox.url, data_dir))
        reason = "This" if asked_for else "No Pipefy credentials are set, so this"
        way_out = (
            "Without --sandbox it is the account whose credentials are in .env, if there are any."
            if asked_for
            else f"For your own account, fill in .env: `{own_command('init')}` writes one."
        )
        console.print(
            Panel(
                f"{reason} is the SANDBOX: a local Pipefy with made-up data.\n"
                f"It answers at {sandbox.url}; its data is in {data_dir}.\n"
                f"{way_out}",
                title="pipefy-exports dev: SANDBOX",
                style="bold yellow",
            )
        )
        yield environment


@dataclass(slots=True)
class PassedOnSignals:
    """Passes the signals that end this process on to a child, so that the child ends first, in order.

    The child has a process group of its own: it gets one signal from here, and not another from the
    terminal. `dagster dev` ends its servers on the first, and loses them on a second. Where that takes
    too long for a person, a second Ctrl-C kills them all.
    """

    child: "subprocess.Popen[bytes] | None" = None
    count: int = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self.count += 1
        if self.child and self.child.poll() is None:
            if self.count == 1:
                self.child.terminate()
            else:
                os.killpg(self.child.pid, signal.SIGKILL)


def run_until_ended(command: Sequence[str], *, environment: Mapping[str, str], working_dir: Path) -> int:
    """Run a command until it ends, by itself or because this process is told to end; return its exit code."""
    pass_on = PassedOnSignals()
    previous = {number: signal.signal(number, pass_on) for number in ENDING_SIGNALS}
    try:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter
            command, env=environment, cwd=working_dir, process_group=0
        )
        pass_on.child = child
        if pass_on.count:  # it came while the child was being started
            child.terminate()
        return child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def require_web_server() -> None:
    """Check that Dagster's UI is installed: other commands, and code servers of other projects, need none.

    Raises:
        ConfigurationError: It is not.
    """
    if importlib.util.find_spec("dagster_webserver") is None:
        raise ConfigurationError(
            "the Dagster UI is not installed: install it with `pip install dagster-webserver`, or with this package as "
            "`pipefy-exports-dagster[ui]`"
        )


def refuse_taken_port(host: str, port: int) -> None:
    """Check the port before anything is started: Dagster would say it late, below other errors.

    Raises:
        click.ClickException: It cannot be listened on.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]  # without the address, named already
        raise click.ClickException(
            f"the Dagster UI cannot listen on {host} port {port}: {reason}; choose another --port"
        ) from error
