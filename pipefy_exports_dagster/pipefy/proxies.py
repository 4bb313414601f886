"""The proxies that the environment names: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, and NO_PROXY, which takes hosts out."""

import ipaddress
import urllib.request
from collections.abc import Mapping

SCHEMES = ("http", "https", "all")


def proxies_by_pattern() -> Mapping[str, str | None]:
    """Return proxies as httpx's `mounts` has them: an address pattern, and its proxy, or None for no proxy.

    httpx reads the environment the same way, but only for connections that it makes itself.
    """
    # Where the environment names none, this looks into the settings of macOS and Windows.
    found = urllib.request.getproxies()
    exempt = [host for entry in found.get("no", "").split(",") if (host := entry.strip())]
    if "*" in exempt:
        return {}
    proxies: dict[str, str | None] = {}
    for scheme in SCHEMES:
        if address := found.get(scheme):
            proxies[f"{scheme}://"] = address if "://" in address else f"http://{address}"
    return proxies | {_pattern(host): None for host in exempt}


def _pattern(host: str) -> str:
    if "://" in host:
        return host
    address, _, prefix = host.partition("/")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        # `a.com` is a.com and all within it, `.a.com` only what is within.
        return f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"
    if version == 6:  # noqa: PLR2004
        return f"all://[{host}]"
    return f"all://{address}/{prefix}" if prefix else f"all://{address}"
