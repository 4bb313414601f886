"""Pipefy itself: whether it answers, its clock, whose credentials these are, and what they may do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from pipefy_exports_dagster.cli.doctor.finding import Finding, ok, report_error, report_warning
from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import ORGANIZATION_ID
from pipefy_exports_dagster.errors import (
    ConfigurationError,
    PermissionDeniedError,
    PipefyExportsError,
    RequestRejectedError,
    TransientError,
)
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.credentials import read_credentials
from pipefy_exports_dagster.pipefy.look_ups import (
    Organization,
    find_organization,
    list_organizations,
    who_asks,
)
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.pipefy.server_clock import ask_server_clock

TOLERANCE = timedelta(minutes=2)
SHOWN_ORGANIZATIONS = 10


def check_credentials(connection: Connection, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether there are credentials; whether they are accepted is another question."""
    try:
        credentials = read_credentials(connection, environment)
    except ConfigurationError as error:
        yield report_error("credentials", str(error))
        return
    used = credentials.variables(connection)
    unused = [
        name
        for name in connection.credential_variables
        if name not in used and environment.get(name, "").strip()
    ]
    if unused:
        yield report_warning(
            "credentials",
            f"there is a {credentials.label} and {' and '.join(unused)}: the {credentials.label} wins. "
            f"Remove {' and '.join(used)} to use the other",
        )
        return
    yield ok("credentials", f"a {credentials.label} is set")


def check_server(connection: Connection, clock: Clock) -> Iterator[Finding]:
    """Yield whether anything answers, and whether its clock and ours agree."""
    try:
        before = clock.now()
        there = ask_server_clock(connection)
    except PipefyExportsError as error:
        yield report_error("address", str(error))
        return
    yield ok("address", f"{connection.base_url} answers")
    if there is None:
        yield report_warning("clock", "the server names no time, so this machine's clock cannot be compared")
        return
    # The answer may have taken a while; its time lies between asking and now, and is cut to seconds.
    ahead = max(before - there, timedelta()) or min(clock.now() - there, timedelta())
    if abs(ahead) > TOLERANCE:
        direction = "ahead of" if ahead > timedelta() else "behind"
        yield report_error(
            "clock",
            f"this machine's clock is {_duration(abs(ahead))} {direction} Pipefy's: set it, best by NTP. Months, "
            "tokens, links and the age of exports go by it",
        )
    else:
        yield ok("clock", "agrees with Pipefy's")


def check_account(client: PipefyClient) -> tuple[Finding, tuple[Organization, ...] | None]:
    """Say whether the credentials are accepted, and return the organizations that they see."""
    try:
        organizations = list_organizations(client)
        name = _name(client)
    except TransientError as error:
        return report_error("account", f"{error}; try again in a while"), None
    except PipefyExportsError as error:
        return report_error("account", str(error)), None
    return ok("account", f"Pipefy accepts the credentials{f' of {name}' if name else ''}"), organizations


def check_organization(
    client: PipefyClient, config: PipefyExportsConfig, seen: Sequence[Organization]
) -> tuple[Finding, Organization | None]:
    """Say whether the organization is there, and return it.

    Args:
        client: Asks Pipefy.
        config: Names the organization.
        seen: The organizations that the credentials see: one of them may be meant.
    """
    try:
        organization_id = require_organization_id(config.organization_id)
    except ConfigurationError as error:
        return report_error("organization", f"{error}. {_listed(seen)}"), None
    try:
        organization = find_organization(client, organization_id)
    except PermissionDeniedError:
        problem = (
            f"the credentials may not see organization {organization_id}: correct {ORGANIZATION_ID}, or use "
            f"credentials of one of its administrators. {_listed(seen)}"
        )
        return report_error("organization", problem), None
    except PipefyExportsError as error:
        return report_error("organization", str(error)), None
    if organization is None:
        problem = (
            f"Pipefy does not know organization {organization_id}: correct {ORGANIZATION_ID}. {_listed(seen)}"
        )
        return report_error("organization", problem), None
    return ok("organization", f"{organization.name} ({organization.id})"), organization


def check_jobs_permission(name: str, organization: Organization, proof: str | None) -> Finding:
    """Say whether the credentials may export automation jobs, as far as that can be known without an export.

    Pipefy has no look-up for it; the role in the organization is the nearest that there is.

    Args:
        name: The asset.
        organization: With the role.
        proof: Says of an export of this asset that was downloaded already; None if none was.
    """
    role = organization.role
    if role and _is_administrator(role):
        known = proof or "only an export would prove it"
        return ok(name, f"the credentials' role is {role!r}, which may export automation jobs; {known}")
    if proof:
        return ok(name, f"the credentials' role is {role or 'not said by Pipefy'}; {proof}")
    if role:
        return report_error(
            name,
            f"the credentials' role in the organization is {role!r}, and only administrators may export automation "
            "jobs: let an administrator make the service account or token",
        )
    return report_warning(
        name,
        "whether the credentials may export automation jobs cannot be known without an export, because Pipefy does "
        "not say their role; if the first export is refused, let an administrator make the service account or token",
    )


def check_report_permission(name: str, organization: Organization) -> Iterator[Finding]:
    """Yield what is to be said where the credentials do not see all of the organization's pipes."""
    if organization.role and not _is_administrator(organization.role):
        yield report_warning(
            name,
            f"the credentials' role is {organization.role!r}: the export holds the cards of their own pipes only. "
            "For all, let an administrator make the service account or token",
        )


def _name(client: PipefyClient) -> str:
    try:
        return who_asks(client)
    except (RequestRejectedError, PermissionDeniedError):
        return ""  # nice to know, and not needed


def _is_administrator(role: str) -> bool:
    # Pipefy publishes no list of roles.
    return "admin" in role.lower() or "owner" in role.lower()


def _listed(organizations: Sequence[Organization]) -> str:
    if not organizations:
        return "The credentials see no organization at all"
    shown = ", ".join(f"{one.id} ({one.name})" for one in organizations[:SHOWN_ORGANIZATIONS])
    more = len(organizations) - SHOWN_ORGANIZATIONS
    return f"The credentials see {shown}{f' and {more} more' if more > 0 else ''}"


def _duration(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
