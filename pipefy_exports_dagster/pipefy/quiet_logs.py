"""httpx logs each request's address, and a signed link is a credential: log records keep host and port."""

import logging

import httpx


class HostsOnly(logging.Filter):
    """Cuts addresses in log records down to scheme, host and port; a redirect may quote a secret in a path, too."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record's arguments in place; keep the record."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                f"{value.scheme}://{value.netloc.decode()}" if isinstance(value, httpx.URL) else value
                for value in record.args
            )
        return True


class NoDebugRecords(logging.Filter):
    """Drops httpcore's debug records: they quote headers, with tokens and redirect targets in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep what is more than debug."""
        return record.levelno > logging.DEBUG


_HOSTS_ONLY = HostsOnly()
_NO_DEBUG_RECORDS = NoDebugRecords()


def keep_links_out_of_logs() -> None:
    """Attach the filters; doing it twice changes nothing."""
    logging.getLogger("httpx").addFilter(_HOSTS_ONLY)
    for name in ("connection", "http11", "http2", "proxy", "socks"):
        logging.getLogger(f"httpcore.{name}").addFilter(_NO_DEBUG_RECORDS)
