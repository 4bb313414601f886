"""A Dagster instance that persists: its folder, with the shipped `dagster.yaml` in it."""

from pathlib import Path

from pipefy_exports_dagster.errors import ConfigurationError

PACKAGE = Path(__file__).parent
SHIPPED = (PACKAGE / "dagster.yaml", PACKAGE.parent / "dagster.yaml")
"""In an installed package, and in the repository."""


def prepare_instance(home: Path) -> Path:
    """Make the folder for DAGSTER_HOME, with a link to the shipped `dagster.yaml` unless it has one.

    Returns:
        The folder, absolute: Dagster refuses a relative one.

    Raises:
        ConfigurationError: The folder cannot be made.
    """
    home = home.expanduser().absolute()
    target = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if target.is_symlink() and not target.exists():
            target.unlink()  # the package it pointed into is gone
        if not target.exists():
            target.symlink_to(shipped_dagster_yaml())
    except OSError as error:
        raise ConfigurationError(f"the Dagster instance cannot be kept in {home}: {error.strerror}") from None
    return home


def shipped_dagster_yaml() -> Path:
    """Return the path of the `dagster.yaml` that comes with the package."""
    return next(path for path in SHIPPED if path.exists())
