"""The process that writes the read copy: `python -I -S copy_process.py DATABASE COPY MODE_OF [PUBLISHED]`.

A process of its own, because DuckDB's lock on the database is released when the process that holds it closes any
descriptor of the file. It imports nothing of the package, so that it starts in 20 ms.

With PUBLISHED, COPY is the copy that was published before PUBLISHED, and only the blocks of the two loads since are
written into it; nothing if PUBLISHED holds all already. Which blocks these are, the files say: DuckDB writes a
checkpoint into blocks that are free in the one before, into new ones, and into blocks of metadata, and into no other,
because the checkpoint before has to be readable until the new one is whole. Each file holds the list of its free blocks
and of its blocks of metadata. Where anything is not as expected, all is copied. What was done goes to stdout.
"""

import contextlib
import os
import stat
import struct
import sys

_HEADERS, _HEADER = 12288, 4096  # the main header, then two of the database, of which the newer counts
_BLOCK, _WORD = 262144, 8
_META, _META_COUNT = 4088, 64  # a block of metadata holds 64 smaller ones after its checksum
_NONE = (1 << 64) - 1
_FLAGS = slice(20, 52)  # of the main header: not zero where the file is encrypted
_PIECE = 8 << 20
_MOST_COMPARED = 4096


class NotPatchableError(Exception):
    """The blocks that differ are not known; the message says why."""


class Checkpoint:
    """The newest checkpoint of a database file: which of its blocks may be written next."""

    # No dataclass: to import them would double the time that a small copy takes.
    def __init__(self, file: int) -> None:
        """Read the headers of a file, and its list of free blocks.

        Raises:
            NotPatchableError: They are not as this module knows them.
        """
        head = os.pread(file, _HEADERS, 0)
        if len(head) != _HEADERS or head[8:12] != b"DUCK" or any(head[_FLAGS]):
            raise NotPatchableError("its header is of another kind")
        first, second = head[_HEADER : 2 * _HEADER], head[2 * _HEADER :]
        newest, former = sorted((first, second), key=lambda header: _fields(header)[1], reverse=True)
        self.main, self.newest, self.former = head[:_HEADER], newest, former
        _, self.iteration, _, free_list, self.blocks, block_size, *_ = _fields(newest)
        if block_size != _BLOCK or free_list == _NONE:
            raise NotPatchableError("its blocks are of another size, or it has no list of free ones")
        words = _MetaReader(file, free_list, self.blocks)
        self.free = frozenset(words.numbers(words.number()))
        for _ in range(words.number()):  # blocks that several columns share, and by how many
            words.take(12)
        self.metadata = frozenset(words.pairs(words.number()))
        if any(block >= self.blocks for block in self.free | self.metadata):
            raise NotPatchableError("its list of blocks names one that does not exist")


class _MetaReader:
    """Reads a chain of DuckDB's small blocks; each begins with the place of the next."""

    def __init__(self, file: int, place: int, blocks: int) -> None:
        self._file, self._next, self._blocks, self._left = file, place, blocks, b""
        self._to_come = blocks * _META_COUNT

    def take(self, size: int) -> bytes:
        while len(self._left) < size:
            block, index = self._next & ((1 << 56) - 1), self._next >> 56
            self._to_come -= 1
            if block >= self._blocks or index >= _META_COUNT or self._to_come < 0:
                raise NotPatchableError("its list of free blocks ends early")
            read = os.pread(self._file, _META, _HEADERS + block * _BLOCK + _WORD + index * _META)
            if len(read) != _META:
                raise NotPatchableError("it is shorter than its header says")
            (self._next,) = struct.unpack_from("<Q", read)
            self._left += read[_WORD:]
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def number(self) -> int:
        return int(struct.unpack("<Q", self.take(_WORD))[0])

    def numbers(self, count: int) -> tuple[int, ...]:
        if count > self._blocks:
            raise NotPatchableError("it has more free blocks than blocks")
        return struct.unpack(f"<{count}Q", self.take(_WORD * count))

    def pairs(self, count: int) -> tuple[int, ...]:
        if count > self._blocks:
            raise NotPatchableError("it has more blocks of metadata than blocks")
        return struct.unpack(f"<{2 * count}Q", self.take(2 * _WORD * count))[::2]


def _fields(header: bytes) -> tuple[int, ...]:
    """Return checksum, iteration, place of the tables, place of the free list, blocks, size of a block and more."""
    return struct.unpack_from("<8Q", header)


def changed_blocks(file: Checkpoint, published: Checkpoint, spare: Checkpoint) -> list[int]:
    """Return the blocks in which a file may differ from the copy that was published before the last one.

    Raises:
        NotPatchableError: The three do not follow each other, one load after the other.
    """
    for newer, older in ((file, published), (published, spare)):
        if newer.iteration != older.iteration + 1 or newer.former != older.newest or newer.main != older.main:
            raise NotPatchableError("there was not one checkpoint since the last copy")
    touched = published.free | spare.free | published.metadata | spare.metadata | file.metadata
    known = min(published.blocks, spare.blocks)
    wanted = touched | frozenset(range(known, file.blocks))
    return sorted(block for block in wanted if block < file.blocks and block not in file.free)


def patch(source: int, target: int, published: int) -> int:
    """Write into a former copy what differs; return the number of bytes: none if the published one is as good.

    Raises:
        NotPatchableError: It is not known what differs; nothing was written.
    """
    import fcntl
    import signal

    found = os.fstat(target)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise NotPatchableError("it is linked from elsewhere")
    # A write lease is refused while anybody has the file open, by whatever program: DuckDB, `cp`, a backup. Who opens
    # it now waits until it is released.
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    try:
        fcntl.fcntl(target, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except (AttributeError, OSError) as error:
        raise NotPatchableError(f"the former copy is in use, or cannot be leased ({error})") from None
    file, newest, spare = Checkpoint(source), Checkpoint(published), Checkpoint(target)
    if file.newest == newest.newest and file.main == newest.main:
        return 0
    changed = changed_blocks(file, newest, spare)
    _require_same_checksums(source, target, file, frozenset(changed))
    size = os.fstat(source).st_size
    os.ftruncate(target, size)
    for block in changed:
        place = _HEADERS + block * _BLOCK
        os.pwrite(target, os.pread(source, _BLOCK, place), place)
    os.pwrite(target, os.pread(source, _HEADERS, 0), 0)
    # A new file's blocks are on the disk before its name; those of a file that was there are not.
    os.fdatasync(target)
    return len(changed) * _BLOCK + _HEADERS


def _require_same_checksums(source: int, target: int, file: Checkpoint, changed: frozenset[int]) -> None:
    """Compare the checksums of some blocks that are taken to be the same, others at each load.

    Equal checksums would prove nothing, as DuckDB's do not depend on the order of values; others show an error. Of a
    large database not all are compared: the time of a load must not grow with it.
    """
    for descriptor in (source, target):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
    step = -(-file.blocks // _MOST_COMPARED) or 1
    for block in range(int.from_bytes(os.urandom(4), "little") % step, file.blocks, step):
        if block not in changed and block not in file.free:
            place = _HEADERS + block * _BLOCK
            if os.pread(source, _WORD, place) != os.pread(target, _WORD, place):
                raise NotPatchableError("a block has changed that should not have")


def copy_all(source: int, target: int) -> int:
    """Copy a whole file: as a reflink (XFS, Btrfs: no data is copied), or within the kernel."""
    try:
        import fcntl

        fcntl.ioctl(target, 0x40049409, source)  # FICLONE
    except (ImportError, OSError):
        try:
            left = os.fstat(source).st_size
            while left and (done := os.copy_file_range(source, target, left)):
                left -= done
        except (AttributeError, OSError):
            import shutil

            os.lseek(source, 0, os.SEEK_SET)
            os.lseek(target, 0, os.SEEK_SET)
            with open(source, "rb", closefd=False) as read, open(target, "wb", closefd=False) as write:
                shutil.copyfileobj(read, write, _PIECE)
    return os.fstat(source).st_size


def main(database: str, copy: str, mode_of: str, published: str | None = None) -> str:
    """Write the copy; return what was done."""
    with contextlib.ExitStack() as stack:

        def opened(path: str, flags: int, mode: int = 0o600) -> int:
            descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), mode)
            stack.callback(os.close, descriptor)
            return descriptor

        source, target, reason = opened(database, os.O_RDONLY), None, ""
        if published:
            try:
                target = opened(copy, os.O_RDWR)
                return f"patched {patch(source, target, opened(published, os.O_RDONLY))}"
            except (NotPatchableError, ImportError, OSError, struct.error) as error:
                reason = f": {error}"
                os.unlink(copy)  # noqa: PTH108  whoever reads it keeps it
            finally:
                if target is not None:
                    os.fchmod(target, stat.S_IMODE(os.stat(mode_of).st_mode))  # noqa: PTH116
        target = opened(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        written = copy_all(source, target)
        os.fchmod(target, stat.S_IMODE(os.stat(mode_of).st_mode))  # noqa: PTH116
        return f"copied {written}{reason}"


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]))
