"""How a file is read: part of the one configuration."""

from pipefy_exports_dagster.config import ReadOptions

__all__ = ["ReadOptions"]
