"""One sandbox and one project in it, in which runs meet faults."""

from dataclasses import replace

from reliability.fault_cases import SERVICE_ACCOUNT
from support.project import JOBS, Outcome, Project
from support.shared_clock import SharedClock

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PollPolicy
from pipefy_exports_dagster.sandbox import Sandbox, well_known

QUICK = PollPolicy(min_interval_s=0.1, max_interval_s=0.5, timeout_s=60)
PATIENT_S, IMPATIENT_S = 30.0, 1.5
"""How long a request may take: on a busy machine a short limit ends requests that no fault has slowed down, and the
fault that was armed once is then spent on one of them."""


class Scene:
    """A sandbox and a project, used for many runs one after the other."""

    def __init__(self, sandbox: Sandbox, project: Project) -> None:
        self.sandbox = sandbox
        self.project = project
        self.is_settled = False
        token_only = dict(project.environment)
        self.environments = {
            "token": token_only,
            SERVICE_ACCOUNT: token_only
            | {
                "PIPEFY_TOKEN": "",
                "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": well_known.CLIENT_ID,
                "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": well_known.CLIENT_SECRET,
            },
        }

    def run(
        self,
        account: str,
        *,
        request_timeout_s: float = PATIENT_S,
        polling_timeout_s: float = QUICK.timeout_s,
        clock: Clock | None = None,
    ) -> Outcome:
        """Materialize. What is slept passes at once, unless there is another clock: the sandbox's runs on."""
        self.project.environment = self.environments[account]
        config = self.project.config
        connection = replace(
            config.connection, request_timeout_s=request_timeout_s, max_download_bytes=20_000_000
        )
        polling = replace(QUICK, timeout_s=polling_timeout_s)
        config = replace(config, connection=connection, polling=polling)
        return self.project.materialize(JOBS, config=config, clock=clock or SharedClock(self.sandbox))

    def settle(self) -> None:
        """Load what is pending, at the start and where the case before this one stopped in the middle."""
        if not self.is_settled:
            assert self.run("token").success
        self.is_settled = False

    def content(self) -> list[tuple[object, ...]]:
        return self.project.query(f"SELECT * FROM {JOBS} ORDER BY _period_filter, _file_row")

    @property
    def exports(self) -> int:
        return self.sandbox.stats.exports.total()
