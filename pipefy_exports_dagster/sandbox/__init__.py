"""A local Pipefy: real HTTP, the real schema, real files, and faults on request.

For the demo, for tests and for people who try things out. The code location never imports it.
"""

from pipefy_exports_dagster.sandbox.periods import SandboxMonth, SandboxPeriod
from pipefy_exports_dagster.sandbox.reports import ReportRequest, Sort
from pipefy_exports_dagster.sandbox.server import Sandbox
from pipefy_exports_dagster.sandbox.settings import ApiDialect, FileFormat, SandboxSettings, Writer
from pipefy_exports_dagster.sandbox.tables import Table
from pipefy_exports_dagster.sandbox.well_known import (
    ACCESS_TOKEN_PREFIX,
    CLIENT_ID,
    CLIENT_SECRET,
    FORBIDDEN_ORGANIZATION_ID,
    MEMBER_TOKEN,
    ORGANIZATION_ID,
    PIPE_ID,
    PIPE_REPORT_ID,
    REPORT_ID,
    RESTRICTED_TOKEN,
    SECOND_ORGANIZATION_ID,
    TOKEN,
)

__all__ = [
    "ACCESS_TOKEN_PREFIX",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "FORBIDDEN_ORGANIZATION_ID",
    "MEMBER_TOKEN",
    "ORGANIZATION_ID",
    "PIPE_ID",
    "PIPE_REPORT_ID",
    "REPORT_ID",
    "RESTRICTED_TOKEN",
    "SECOND_ORGANIZATION_ID",
    "TOKEN",
    "ApiDialect",
    "FileFormat",
    "ReportRequest",
    "Sandbox",
    "SandboxMonth",
    "SandboxPeriod",
    "SandboxSettings",
    "Sort",
    "Table",
    "Writer",
]
