"""The error that says what a file is instead of a table."""

from pipefy_exports_dagster.errors import UnreadableFileError


def unreadable(detected: str, advice: str) -> UnreadableFileError:
    """Make the error that says what a file is instead of a table."""
    return UnreadableFileError(f"the file is not a table but {detected}: {advice}", detected=detected)
