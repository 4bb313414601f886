"""Several machines that share nothing but servers, all on this one: for tests and `make demo-scale`."""

from machines.installation import Installation
from machines.machine import Machine
from machines.shared_servers import SharedServers

__all__ = ["Installation", "Machine", "SharedServers"]
