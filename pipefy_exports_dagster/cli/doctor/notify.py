"""Whether those who are to be told can be: the extra, the variables, the addresses. Nothing is sent."""

from collections.abc import Iterator, Mapping

from pipefy_exports_dagster.cli.doctor.finding import Finding, ok, report_error
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import setting_to_change
from pipefy_exports_dagster.notifications.addresses import addresses_of
from pipefy_exports_dagster.notifications.sending import INSTALL, is_installed, look_at

CHECK = "notify"


def check_notify(config: PipefyExportsConfig, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is to be said of each address; nothing where nobody is to be told."""
    if not config.notify:
        return
    if not is_installed():
        yield report_error(CHECK, INSTALL)
        return
    for found in look_at(addresses_of(config.notify, environment)):
        name = found.address.name
        if found.problem:
            # A variable that is not set is named in the problem.
            yield report_error(CHECK, found.problem if found.address.problem else f"{name}: {found.problem}")
        else:
            ui_url = setting_to_change("PipefyExportsConfig", "ui_url", environment)
            link = "" if config.ui_url else f"; its messages have no link to the run: set {ui_url}"
            yield ok(
                CHECK,
                f"{name} is an address of {found.service}; `pipefy-exports notify --test` tries it{link}",
            )
