"""The sandbox's credentials and ids: fixed, so that they can stand in `.env.example` and in tests.

They open nothing but a sandbox. Each credential is a string of its own that occurs nowhere else, so
that a search of logs and files for it finds leaks and only leaks.
"""

TOKEN = "sandbox-personal-token-5f1d0c"  # noqa: S105
CLIENT_ID = "sandbox-service-account"
CLIENT_SECRET = "sandbox-client-secret-a94e27"  # noqa: S105

RESTRICTED_TOKEN = "sandbox-restricted-token-c83b6a"  # noqa: S105
"""Sees the second organization only; everything else answers `PERMISSION_DENIED`."""

MEMBER_TOKEN = "sandbox-member-token-7d20e9"  # noqa: S105
"""Sees what `TOKEN` sees, but is no administrator: creating an export of automation jobs is refused."""

ORGANIZATION_ID = "300514001"
SECOND_ORGANIZATION_ID = "300514002"
FORBIDDEN_ORGANIZATION_ID = "300514999"
"""Exists, but no token may see it."""

REPORT_ID = "300700101"
"""A saved report of the first organization: every card, every column."""

PIPE_ID = "301000000"
"""A pipe of the first organization."""
PIPE_REPORT_ID = "300800101"
"""A saved report of that pipe: every card, every column."""

ACCESS_TOKEN_PREFIX = "sandbox-access-token-"  # noqa: S105
"""What every token begins with that `/oauth/token` issues."""
