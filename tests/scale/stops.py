"""Where a run is to stop: files in a folder that a test shares with all machines."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stop:
    """A milestone of a run of one partition."""

    milestone: str
    asset: str
    partition: str

    def ordered(self, folder: Path) -> Path:
        return folder / f"stop-{self.asset}-{self.partition}-{self.milestone}"

    def reached(self, folder: Path) -> Path:
        return folder / f"reached-{self.asset}-{self.partition}-{self.milestone}"
