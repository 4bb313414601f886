"""What time it is at Pipefy: every HTTP answer says so, also one that refuses."""

from datetime import datetime

import httpx

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.config.setting_names import BASE_URL
from pipefy_exports_dagster.errors import ConnectionFailedError
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy, without_credentials
from pipefy_exports_dagster.pipefy.answers import http_date
from pipefy_exports_dagster.pipefy.transport import open_http


def ask_server_clock(connection: Connection) -> datetime | None:
    """Return the time that the server names, to the second; None where it names none.

    Without credentials: whatever the answer is, there is a server, and this is its time.

    Raises:
        ConfigurationError: The base URL cannot be used, or the environment's proxy settings.
        ConnectionFailedError: Nothing answers there.
    """
    base_url = AddressPolicy(connection.allow_insecure_urls).check_base_url(connection.base_url)
    url = base_url.copy_with(path=base_url.path.rstrip("/") + "/graphql")
    with open_http(connection.request_timeout_s) as http:
        try:
            with http.stream("GET", url) as response:
                return http_date(response.headers.get("date", ""))
        except httpx.TransportError as error:
            problem = str(error)
    raise ConnectionFailedError(
        f"nothing answers at {without_credentials(base_url)}: {problem}. Check {BASE_URL}, and that this "
        "machine reaches it (a proxy is set with HTTPS_PROXY)",
        sent=False,
    )
