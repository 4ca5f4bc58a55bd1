"""Becomes another program as a user that PostgreSQL accepts: `python -I -S demote.py MODE UID GID PARENT COMMAND…`.

A program of its own, not a function between fork and exec: by then libraries (gRPC, OpenTelemetry) have started threads
in the child, and a process with threads cannot enter a user namespace. MODE is `namespace` (root becomes UID inside a
namespace of its own), `user` (root becomes UID) or `same`. On Linux the program ends with the thread that started it.
"""

import ctypes
import os
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


def main(mode: str, uid: int, gid: int, parent: int, command: list[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if mode == "namespace":
        if libc is None or libc.unshare(CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare")
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} 0 1"), ("gid_map", f"{gid} 0 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    elif mode == "user":
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if libc is not None:  # after every change of user: it clears this
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            raise SystemExit("whoever started this has ended already")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
