"""What can go wrong, on request: `FAULTS` lists it all, a `FaultPlan` says what happens when."""

from pipefy_exports_dagster.sandbox.faults import answers, connections, files, refusals
from pipefy_exports_dagster.sandbox.faults.plan import ALWAYS, ANY, ArmedFault, FaultPlan
from pipefy_exports_dagster.sandbox.faults.registry import FAULTS, Argument, Fault

__all__ = [
    "ALWAYS",
    "ANY",
    "FAULTS",
    "Argument",
    "ArmedFault",
    "Fault",
    "FaultPlan",
    "answers",
    "connections",
    "files",
    "refusals",
]
