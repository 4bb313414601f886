"""The organization's id, as the exports need it."""

from pipefy_exports_dagster.errors import ConfigurationError


def require_organization_id(organization_id: str | None) -> str:
    """Return the id if it is one: a number as text.

    Raises:
        ConfigurationError: It is missing, or not a number.
    """
    if not organization_id:
        raise ConfigurationError(
            "no organization: set PIPEFY_ORG_ID, the number after /organizations/ in the address of the "
            "organization's page, in the environment or in the file .env beside pyproject.toml"
        )
    if not (organization_id.isascii() and organization_id.isdigit()):
        raise ConfigurationError(
            f"PIPEFY_ORG_ID is {organization_id!r}; it is the number after /organizations/ in the address "
            "of the organization's page"
        )
    return organization_id
