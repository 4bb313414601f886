"""Files that a person names: whether they can be opened."""

from pathlib import Path

from pipefy_exports_dagster.errors import UnreadableFileError


def require_file(path: Path) -> None:
    """Check that there is a file that can be read.

    Raises:
        UnreadableFileError: There is not; the message says what there is.
    """
    try:
        if path.is_dir():
            raise UnreadableFileError(f"{path} is a folder; name the file in it", detected="a folder")
        if not path.exists():
            raise UnreadableFileError(f"{path} does not exist", detected="nothing")
        if not path.is_file():
            raise UnreadableFileError(
                f"{path} is not an ordinary file; save what it gives into one, and load that",
                detected="a pipe or a device",
            )
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UnreadableFileError(
            f"{path} cannot be read: {error.strerror}", detected="a file that may not be read"
        ) from None
