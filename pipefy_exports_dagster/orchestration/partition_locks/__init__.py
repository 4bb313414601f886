"""One run per partition at a time: without it, two runs at once create two exports (tried).

Runs, sensors and commands take the same lock, which `partition_locks_of` chooses.
"""

from .choosing import partition_locks_of
from .in_files import FilePartitionLocks
from .in_postgres import PostgresPartitionLocks
from .protocol import HeldPartition, PartitionLocks, PartitionName, asking_before_commit

__all__ = [
    "FilePartitionLocks",
    "HeldPartition",
    "PartitionLocks",
    "PartitionName",
    "PostgresPartitionLocks",
    "asking_before_commit",
    "partition_locks_of",
]
