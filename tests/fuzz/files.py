"""Examples that are files: read in this process, where an error that is not one of ours is seen as what it is."""

import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ReadLimitError, UnreadableFileError
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.worker import read

DATA = Path(__file__).parent.parent / "data"
OPTIONS = ReadOptions(max_unpacked_bytes=200_000_000)
REFUSALS = (UnreadableFileError, ReadLimitError)
_MOST_KILOBYTES = 1_000_000
"""By which the memory of this process may grow with one example, of less than a megabyte."""
_LARGEST_SAMPLE = 8_000


def files_of_tests(*suffixes: str) -> list[bytes]:
    """Return the small files that other tests read."""
    folders = (DATA / "good", DATA / "bad")
    paths = sorted(path for folder in folders for path in folder.iterdir())
    return [
        path.read_bytes()
        for path in paths
        if path.name.endswith(suffixes)
        and not path.name.endswith(".expected.csv")
        and path.stat().st_size < _LARGEST_SAMPLE
    ]


@contextmanager
def example_file(content: bytes) -> Iterator[tuple[Path, Path]]:
    """Write an example where it is read from; give its path, and a folder for what is made of it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_shared_memory()) as name:
        path, folder = Path(name, "example"), Path(name, "scratch")
        path.write_bytes(content)
        folder.mkdir()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        yield path, folder
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < _MOST_KILOBYTES, f"{len(content):,} bytes took {grown:,} KB of memory"


@contextmanager
def staged_here(content: bytes) -> Iterator[StagedTable | None]:
    """Read an example as the reading process does; None if it is refused with one of our errors about files."""
    with example_file(content) as (path, folder):
        try:
            staged = read(path, folder=folder, options=OPTIONS, started=time.monotonic())
        except REFUSALS as refusal:
            see_message(refusal)
            yield None
        else:
            yield staged


def see_message(refusal: Exception) -> None:
    """See that an error is one line, which nothing in it can act from."""
    assert str(refusal).isprintable(), repr(str(refusal))


def _shared_memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
