"""Every fault, and what becomes of a run that meets it. docs/reliability.md shows this table.

A case is met by one materialization; where that fails, the fault is over and a second one follows.
`exports` and `exports_in_all` count what Pipefy created: after the first, and after the second.
"""

from dataclasses import dataclass

ANY_KIND_OF_ACCOUNT = "token"
SERVICE_ACCOUNT = "service account"


@dataclass(frozen=True)
class FaultCase:
    """A fault as the sandbox takes it, and the outcome.

    `error` is the class of our error, or empty where the run succeeds; `says` is part of its message.
    """

    fault: str
    what: str
    error: str = ""
    says: str = ""
    exports: int = 1
    exports_in_all: int = 1
    account: str = ANY_KIND_OF_ACCOUNT

    @property
    def is_about_time(self) -> bool:
        """Whether the fault lasts until a request's time limit."""
        return self.fault.split(":")[1] in {"hang", "informational", "slow-headers"}

    @property
    def is_refused_a_while(self) -> bool:
        """Whether connections are refused for a time of the machine's clock."""
        return self.fault.split(":")[1] == "refused"

    @property
    def lasts(self) -> bool:
        """Whether the export is waited for until the deadline."""
        return self.error == "ExportTimedOutError"

    @property
    def outcome(self) -> str:
        return f"fails: `{self.error}`" if self.error else "succeeds"


LOST = "CreateAnswerLostError"
MAY_EXIST = "an export may have been created"

CASES = (
    # The token of a service account.
    FaultCase("token:reset", "the connection breaks; asked again", account=SERVICE_ACCOUNT),
    FaultCase("token:server-error", "500; asked again", account=SERVICE_ACCOUNT),
    FaultCase("token:rate-limited", "429; asked again after Retry-After", account=SERVICE_ACCOUNT),
    FaultCase(
        "token:unauthorized", "the account is refused", "AuthenticationError", "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID",
        exports=0, account=SERVICE_ACCOUNT,
    ),
    FaultCase("create:token-revoked", "401; a new token, and the same request again", account=SERVICE_ACCOUNT),
    FaultCase("status:token-revoked", "401 in mid-wait; a new token", account=SERVICE_ACCOUNT),
    # Creating an export.
    FaultCase(
        "token:refused:1:1", "after the token no connection for a second; tried again", account=SERVICE_ACCOUNT
    ),
    FaultCase("create:slow:1:1", "waited for"),
    FaultCase("create:rate-limited", "429: surely not created; tried again after Retry-After"),
    FaultCase("create:unavailable", "503 with Retry-After: surely not created; tried again"),
    FaultCase("create:reset", "the connection breaks before an answer", LOST, MAY_EXIST, exports=0),
    FaultCase("create:answer-lost", "created, and the answer is lost", LOST, MAY_EXIST, exports_in_all=2),
    FaultCase("create:hang", "no answer within the time limit", LOST, MAY_EXIST, exports=0),
    FaultCase("create:informational", "102 without end, to the time limit", LOST, MAY_EXIST, exports=0),
    FaultCase("create:slow-headers", "headers in drips, to the time limit", LOST, MAY_EXIST, exports=0),
    FaultCase(
        "create:token-quoted", "a GraphQL error that quotes the token", "RequestRejectedError", "[secret]", exports=0
    ),
    FaultCase("create:server-error", "500", LOST, MAY_EXIST, exports=0),
    FaultCase("create:bad-gateway", "502 with a web page", LOST, MAY_EXIST, exports=0),
    FaultCase("create:html-page", "200 with a web page", LOST, MAY_EXIST, exports=0),
    FaultCase("create:huge-answer", "100 MB where JSON is expected", LOST, MAY_EXIST, exports=0),
    FaultCase("create:null-export", "created, and the answer names no export", LOST, MAY_EXIST, exports_in_all=2),
    FaultCase("create:unauthorized", "401", "AuthenticationError", "PIPEFY_TOKEN", exports=0),
    FaultCase("create:forbidden", "403", "PermissionDeniedError", "administrator", exports=0),
    FaultCase(
        "create:graphql-error:1:PERMISSION_DENIED", "a GraphQL error: no permission", "PermissionDeniedError",
        "administrator", exports=0,
    ),
    FaultCase("create:graphql-error:1:INTERNAL_ERROR", "a GraphQL error: it broke", LOST, MAY_EXIST, exports=0),
    FaultCase(
        "create:error-without-code", "a GraphQL error without a code", "RequestRejectedError", "refuses", exports=0
    ),
    FaultCase(
        "create:graphql-error:1:RECORD_INVALID", "a GraphQL error: the input is refused", "RequestRejectedError",
        "correlation id", exports=0,
    ),
    FaultCase(
        "create:graphql-error:1:FEATURE_BLOCKED", "the plan does not have it", "FeatureUnavailableError",
        "Ask Pipefy to add it to the plan", exports=0,
    ),
    FaultCase("create:graphql-error-beside-data", "the data is used, the error is logged"),
    FaultCase(
        "create:failed-export", "created, and failed at once", "ExportFailedError", "failed at Pipefy",
        exports_in_all=2,
    ),
    FaultCase("create:unknown-state", "waited on, and said in the log"),
    FaultCase("create:no-link", "waited for the link"),
    # Waiting.
    FaultCase("status:reset", "asked again"),
    FaultCase("status:answer-lost", "asked again"),
    FaultCase("status:hang", "asked again after the time limit"),
    FaultCase("status:informational", "102 without end; asked again after the time limit"),
    FaultCase("status:slow-headers", "headers in drips; asked again after the time limit"),
    FaultCase("status:slow:1:0.5", "waited for"),
    FaultCase("status:rate-limited", "429; asked again after Retry-After"),
    FaultCase("status:unavailable", "503; asked again after Retry-After"),
    FaultCase("status:server-error", "500; asked again"),
    FaultCase("status:bad-gateway", "502 with a web page; asked again"),
    FaultCase("status:html-page", "200 with a web page; asked again"),
    FaultCase("status:huge-answer", "100 MB where JSON is expected; asked again"),
    FaultCase("status:unauthorized", "401: the token was taken away", "AuthenticationError", "PIPEFY_TOKEN"),
    FaultCase("status:forbidden", "403", "PermissionDeniedError", "administrator"),
    FaultCase("status:graphql-error:1:INTERNAL_ERROR", "asked again"),
    FaultCase("status:error-without-code:2", "asked again"),
    FaultCase("status:error-without-code:4:Permission not found", "asked again: it says nothing of the export"),
    FaultCase(
        "status:error-without-code:3:Couldn't find the export", "it says so three times in a row: the export is gone",
        "ExportNotFoundError", "does not know", exports_in_all=2,
    ),
    FaultCase(
        "status:graphql-error:1:FEATURE_BLOCKED", "the plan does not have it", "FeatureUnavailableError", "plan"
    ),
    FaultCase("status:graphql-error-beside-data", "the data is used, the error is logged"),
    FaultCase("status:null-export", "asked again: one answer may lag behind"),
    FaultCase(
        "status:null-export:3", "three times in a row: the export is gone", "ExportNotFoundError", "does not know",
        exports_in_all=2,
    ),
    FaultCase("status:export-gone", "the export is gone", "ExportNotFoundError", "does not know", exports_in_all=2),
    FaultCase("status:failed-export", "the export failed", "ExportFailedError", "failed at Pipefy", exports_in_all=2),
    FaultCase(
        "status:failed-export:1:error", "the export failed, in the other word for it", "ExportFailedError",
        "failed at Pipefy", exports_in_all=2,
    ),
    FaultCase("status:unknown-state", "waited on, and said in the log"),
    FaultCase("status:state-backwards", "waited on"),
    FaultCase("status:no-link", "finished without a link: waited for the link"),
    FaultCase("status:no-link:always", "never a link", "ExportTimedOutError", "has no link"),
    FaultCase("status:expired-link:2", "the link has expired; a fresh one is asked for"),
    FaultCase("status:foreign-link", "the link leads to another host", "DownloadRefusedError", "PIPEFY_DOWNLOAD_HOSTS"),
    # Downloading.
    FaultCase("download:reset", "downloaded again"),
    FaultCase("download:hang", "downloaded again after the time limit"),
    FaultCase("download:informational", "102 without end; downloaded again after the time limit"),
    FaultCase("download:slow-headers", "headers in drips; downloaded again after the time limit"),
    FaultCase("download:slow:1:0.5", "waited for"),
    FaultCase("download:rate-limited", "429; downloaded again after Retry-After"),
    FaultCase("download:unavailable", "503; downloaded again after Retry-After"),
    FaultCase("download:server-error", "500; downloaded again"),
    FaultCase("download:bad-gateway", "502; downloaded again"),
    FaultCase("download:link-expired", "410; a fresh link"),
    FaultCase("download:unauthorized", "401; a fresh link"),
    FaultCase("download:forbidden", "403; a fresh link"),
    FaultCase(
        "download:redirect", "a redirect to another host", "DownloadRefusedError", "PIPEFY_DOWNLOAD_HOSTS"
    ),
    FaultCase("download:truncated", "the body ends early; downloaded again"),
    FaultCase("download:truncated:always", "the body always ends early", "DownloadFailedError", "did not arrive whole"),
    FaultCase("download:wrong-length", "half a file that says it is whole: unreadable, downloaded once more"),
    FaultCase("download:html-page", "a web page instead of the file, once: downloaded once more"),
    FaultCase(
        "download:html-page:always", "always a web page", "UnreadableFileError", "HTML", exports_in_all=2
    ),
    FaultCase("download:garbage", "bytes that are no file, once: downloaded once more"),
    FaultCase("download:garbage:always", "always such bytes", "UnreadableFileError", exports_in_all=2),
    FaultCase("download:empty-file", "no bytes, once: downloaded once more"),
    FaultCase("download:empty-file:always", "never a byte", "UnreadableFileError", "empty", exports_in_all=2),
    FaultCase(
        "download:zip-bomb:always:200", "a small workbook that unpacks to more than 250 times its size",
        "UnreadableFileError", "an archive bomb", exports_in_all=2,
    ),
    FaultCase("download:endless-file", "a file without end", "DownloadRefusedError", "max_download_bytes"),
)  # fmt: skip
