"""What a lake and its locks are called."""

LAKE = "lake"
"""What SQL calls it, on each connection of ours."""
AUTHOR = "pipefy_exports_dagster"
ATTACHING = "attach"
"""The lock of who attaches, which may create the catalog, and who creates a schema."""
