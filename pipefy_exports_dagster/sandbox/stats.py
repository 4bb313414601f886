"""What the sandbox was asked, counted."""

import threading
from collections import Counter
from typing import Any

from pipefy_exports_dagster.sandbox.exports import ExportStore


class Stats:
    """Counts requests; what was exported it counts from the exports themselves."""

    def __init__(self, exports: ExportStore) -> None:
        self._exports = exports
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._fields: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._authorizations_at_files: list[str] = []
        self._forgotten_exports: set[str] = set()  # their uuids: ids of two kinds are equal

    @property
    def requests(self) -> Counter[str]:
        """HTTP requests by operation: token, create, status, download, lookup."""
        with self._lock:
            return self._requests.copy()

    @property
    def fields(self) -> Counter[str]:
        """GraphQL requests by the root field that they name."""
        with self._lock:
            return self._fields.copy()

    @property
    def faults(self) -> Counter[str]:
        """Faults that happened, by name."""
        with self._lock:
            return self._faults.copy()

    @property
    def authorizations_at_files(self) -> list[str]:
        """Every `Authorization` header that came with a download; there must never be one."""
        with self._lock:
            return list(self._authorizations_at_files)

    @property
    def exports(self) -> Counter[tuple[str, str, str]]:
        """Exports created, by (organization id, kind, period); a report's id stands for its period."""
        return Counter(
            (e.organization.id, str(e.kind), str(e.period or (e.request and e.request.report_id) or "-"))
            for e in self._exports.all()
            if e.uuid not in self._forgotten_exports
        )

    def count_request(self, operation: str, fields: tuple[str, ...]) -> None:
        """Count a request."""
        with self._lock:
            self._requests[str(operation)] += 1
            self._fields.update(fields)

    def count_fault(self, name: str) -> None:
        """Count a fault that happened."""
        with self._lock:
            self._faults[name] += 1

    def uncount_fault(self, name: str) -> None:
        """Take a fault back that found no occasion."""
        with self._lock:
            self._faults[name] -= 1
            self._faults += Counter()  # drops what is at zero

    def note_authorization(self, header: str) -> None:
        """Keep an `Authorization` header that a client sent along with a download."""
        with self._lock:
            self._authorizations_at_files.append(header)

    def reset(self) -> None:
        """Count from zero again; exports stay what they are."""
        with self._lock:
            self._requests.clear()
            self._fields.clear()
            self._faults.clear()
            self._authorizations_at_files.clear()
            self._forgotten_exports = {export.uuid for export in self._exports.all()}

    def as_json(self) -> dict[str, Any]:
        """Return all counts for other processes."""
        created = self.exports
        return {
            "requests": dict(self.requests),
            "fields": dict(self.fields),
            "faults": dict(self.faults),
            "exports_created": created.total(),
            "exports": [
                {"organization_id": organization, "kind": kind, "period": period, "count": count}
                for (organization, kind, period), count in created.items()
            ],
            "authorizations_at_files": len(self.authorizations_at_files),
        }
