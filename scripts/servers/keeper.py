"""Runs a command until its owner ends or says so; started by `kept_process.py` with Python's `-I -S`, which is quick.

The owner holds the other end of standard input. A signal's number there ends the command by that signal; the end
of input without one says that the owner has died, and then the folder goes as well. Arguments: the folder or nothing,
seconds until a command that does not end is killed, a user's name or nothing, the command.
"""

import contextlib
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys


def main() -> int:
    """Run the command, and end it."""
    folder, patience_s, user, *command = sys.argv[1:]
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, lambda *_: None)  # a terminal's Ctrl-C is for the owner
    account = pwd.getpwnam(user) if user else None
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=2,  # the log; its own standard output is the owner's
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=[] if account else None,
        start_new_session=True,
    )
    os.write(1, f"{process.pid}\n".encode())
    asked = _asked(process)
    if process.poll() is None:
        process.send_signal(int(asked or signal.SIGINT))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(float(patience_s) if asked else 5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if folder and not asked:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _asked(process: "subprocess.Popen[bytes]") -> bytes:
    """Wait for the owner, or for the end of the command: then for the owner as well, who finds out by itself."""
    owner = os.getppid()
    while True:
        ready, _, _ = select.select([0], [], [], 1)
        if ready:
            return os.read(0, 16)
        process.poll()
        if os.getppid() != owner:  # a process that the owner forked holds the other end
            return b""


if __name__ == "__main__":
    sys.exit(main())
