"""Several machines that share nothing but servers, all on this one: for tests and `make demo-scale`."""

from machines.installation import Installation
from machines.machine import Machine

__all__ = ["Installation", "Machine"]
