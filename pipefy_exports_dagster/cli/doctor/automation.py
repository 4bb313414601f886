"""What the Dagster instance tells: what is switched on under a former name, and how near a limit the exports are."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from pipefy_exports_dagster.cli.doctor.finding import Finding, ok, report_error, report_warning
from pipefy_exports_dagster.config.dotenv import dagster_home_of
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import PipefyExportsError

CHECK = "automation"
LIMITS = "exports per day"
CODE_LOCATION = "pipefy_exports_dagster.definitions"


def check_automation(
    config: PipefyExportsConfig, environment: Mapping[str, str], now: datetime
) -> Iterator[Finding]:
    """Yield what locks there are, what is switched on under a former name only, and the day's exports under a limit.

    An instance that does not exist is not made.
    """
    home = dagster_home_of(environment)
    if not (home / "dagster.yaml").exists():
        return
    # They import Dagster's storage.
    from pipefy_exports_dagster.cli.dagster_event import opened_instance
    from pipefy_exports_dagster.cli.doctor.locks import check_locks
    from pipefy_exports_dagster.exports import configured_exports
    from pipefy_exports_dagster.orchestration.daily_limits import daily_uses
    from pipefy_exports_dagster.orchestration.former_states import switched_on_under_former_names

    try:
        with opened_instance(home, data_dir=config.data_dir) as instance:
            renamed = list(switched_on_under_former_names(instance, config))
            uses = daily_uses(instance, configured_exports(config), now=now)
            locks = list(check_locks(config, instance))
    except PipefyExportsError as error:
        yield report_error(CHECK, str(error))
        return
    yield from locks
    for former, present in renamed:
        yield report_warning(
            CHECK,
            f"{former} is switched on, and is called {present} now: it does not run under its former name. Switch "
            f"{present} on under Automation in the Dagster UI, or with {_command(present)} (in a project of your own, "
            "with its module)",
        )
    if not renamed:
        yield ok(CHECK, "nothing is switched on under a former name")
    for use in uses:
        if use.is_reached:
            yield report_warning(LIMITS, f"{use}: Pipefy may refuse the next one until a day has passed")
        elif use.asked:
            yield ok(LIMITS, str(use))


def _command(name: str) -> str:
    return f"`dagster {'sensor' if name.endswith('_sensor') else 'schedule'} start {name} -m {CODE_LOCATION}`"
