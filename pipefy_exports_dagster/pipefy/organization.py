"""The organization's id, as the exports need it."""

import re

from pipefy_exports_dagster.config.setting_names import ORGANIZATION_ID
from pipefy_exports_dagster.errors import ConfigurationError


def require_organization_id(organization_id: str | None) -> str:
    """Return the id if it is one: a number as text.

    Raises:
        ConfigurationError: It is missing, or not a number.
    """
    if not organization_id:
        raise ConfigurationError(
            f"no organization: set {ORGANIZATION_ID}, the number after /organizations/ in the address of the "
            "organization's page, in the environment or in the file .env beside pyproject.toml"
        )
    if not re.fullmatch(r"[0-9]{1,18}", organization_id):
        raise ConfigurationError(
            f"{ORGANIZATION_ID} is {organization_id!r}; it is the number after /organizations/ in the address "
            "of the organization's page"
        )
    return organization_id
