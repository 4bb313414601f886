"""All that a running sandbox knows, in one place for its endpoints."""

from pipefy_exports_dagster.sandbox.clock import SandboxClock
from pipefy_exports_dagster.sandbox.exports import ExportStore
from pipefy_exports_dagster.sandbox.links import LinkSigner
from pipefy_exports_dagster.sandbox.settings import SandboxSettings
from pipefy_exports_dagster.sandbox.stats import Stats
from pipefy_exports_dagster.sandbox.tokens import TokenStore
from pipefy_exports_dagster.sandbox.world import World


class SandboxState:
    """Clock, data, tokens, links, exports and counts of one sandbox."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.clock = SandboxClock(settings.now)
        self.world = World(settings, self.clock)
        self.tokens = TokenStore(self.clock, settings.token_lifetime_seconds)
        self.links = LinkSigner(self.clock, settings.link_lifetime_seconds)
        self.exports = ExportStore(settings, self.clock, self.world)
        self.stats = Stats(self.exports)
