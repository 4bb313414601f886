"""Suffixes of hosts that files may come from: names below which one company has hosts, and not anybody."""

import functools
import re
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.setting_names import DOWNLOAD_HOSTS
from pipefy_exports_dagster.errors import ConfigurationError

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def host_suffix(text: str) -> str:
    """Return the one form of a suffix: `.A.com`, `*.a.com` mean `a.com`.

    Raises:
        ConfigurationError: It is no name, or one below which anybody can have a host.
    """
    suffix = text.strip().lower().removeprefix("*").strip(".")
    if not re.fullmatch(r"[a-z0-9_][a-z0-9._-]*", suffix):
        raise ConfigurationError(
            f"{DOWNLOAD_HOSTS} holds {text!r}; give names of hosts, such as "
            "files.example.com, without https://, port or path"
        )
    if _is_open_to_all(suffix):
        raise ConfigurationError(
            f"{DOWNLOAD_HOSTS} holds {text!r}, under which anybody can have a host; give at "
            "least the domain that somebody has registered, such as example.com"
        )
    return suffix


def _is_open_to_all(suffix: str) -> bool:
    """Tell whether anybody registers names below a suffix: `com`, `co.uk`. A company's own `internal` is none."""
    return bool(_public_suffixes().publicsuffix(suffix) == suffix)


@functools.cache
def _public_suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False, only_icann=True)  # reads ten thousand rules
