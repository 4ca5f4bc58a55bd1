"""The only program: `archwire up`, `run`, `keys`, `migrate`, `seed`, `demo`, `replay`, `verify-audit`, `openapi`, `doctor`, `create-group`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from shared import config as settings
from shared.config import Config
from shared.service import NAMES


class Stop(Exception):
    """What the program says in one line before it exits with 1."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        config = settings.load()
        if getattr(options, "port", None) is not None:
            config = replace(config, port=options.port)
        if getattr(options, "data", None):
            config = replace(config, data=Path(options.data).absolute())
        return int(options.command(config, options) or 0)
    except (Stop, settings.ConfigError) as stop:
        for line in str(stop).splitlines():
            print(f"archwire: {line}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `archwire openapi | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="archwire", description="The operating system for multi-location orthodontic groups."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[Config, Any], int | None], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument(
            "--data", metavar="DIR", help="folder of the database and files (ARCHWIRE_DATA, default .archwire)"
        )
        sub.set_defaults(command=command)
        return sub

    sub = add("up", up, "Starts everything on this machine: database, services, workers, gateway.")
    sub.add_argument("--port", type=_port, help="port of the gateway (ARCHWIRE_PORT, default 8420; 0 takes a free one)")
    sub.add_argument("--no-seed", action="store_true", help="leave an empty installation empty")
    sub.add_argument("--patients", type=int, help="how many patients the demo group gets (default 1500)")
    sub = add("run", run, "Runs one part of a distributed installation.")
    sub.add_argument(
        "part",
        choices=(*NAMES, "gateway", "worker", "all"),
        help="a service, the workers of all services, the gateway, or all",
    )
    sub.add_argument("--port", type=_port, help="port to listen on")
    sub.add_argument(
        "services", nargs="*", metavar="SERVICE", help="for a worker: the services it works for (default: all)"
    )
    sub = add(
        "keys", make_keys, "Makes the keys that all parts of a distributed installation share (ARCHWIRE_SECRETS)."
    )
    sub.add_argument("folder", metavar="DIR", nargs="?", type=Path, help="where to put them")
    sub = add("migrate", migrate, "Brings the database to this version.")
    sub.add_argument(
        "--autogenerate", metavar="SERVICE", choices=NAMES, help="write a new migration of a service from its models"
    )
    sub.add_argument("-m", "--message", default="change", help="what the new migration does")
    sub.add_argument("--check", action="store_true", help="only say whether models and database agree")
    sub = add("seed", seed, "Fills an empty installation with the demo group.")
    sub.add_argument("--patients", type=int, help="how many patients it gets (default 1500)")
    sub = add("demo", demo, "Plays the main job through the HTTP API of a running platform and tells the story.")
    sub.add_argument("--url", help="address of the gateway (default http://127.0.0.1:PORT)")
    sub.add_argument("--port", type=_port, help="port of the gateway")
    sub = add("replay", replay, "Runs a service's parked events and failed work again, in order.")
    sub.add_argument("service", choices=NAMES)
    add("verify-audit", verify_audit, "Recomputes the chain over every group's audit rows and says whether it holds.")
    sub = add("openapi", openapi, "Prints the OpenAPI document.")
    sub.add_argument("--output", help="write it to a file instead")
    sub = add("doctor", doctor, "Checks this machine and says what to do.")
    sub.add_argument("--port", type=_port, help="port of the gateway")
    sub = add("create-group", create_group, "Creates a group with its owner's account.")
    sub.add_argument("--name", required=True, help="name of the group")
    sub.add_argument("--owner-email", required=True, help="e-mail address of the owner, who signs in with it")
    sub.add_argument("--owner-name", default="Owner", help="name of the owner")
    return parser


# --- commands -----------------------------------------------------------------------------------------------------


def up(config: Config, options: Any) -> int:
    """Database, migrations, demo group when empty, every service, worker and the gateway, until Ctrl-C."""
    from shared.doctor import kafka

    started = time.perf_counter()
    listener = _listen(config.port)
    config = replace(config, port=listener.getsockname()[1])
    _folder(config.data)
    kafka_answers, _, advice = kafka(config)
    if not kafka_answers:
        raise Stop(f"nothing answers at {config.kafka}: {advice}")
    try:
        with _database(config, alone=True) as database:
            database.migrate()
            if not options.no_seed:
                _seed(config, database, options.patients)
            _loop(_serve_all(config, database, listener, started))
    except KeyboardInterrupt:
        print(f"\nArchwire has stopped. Your data stays in {config.data}")
    return 0


async def _serve_all(config: Config, database: _Database, listener: socket.socket, started: float) -> None:
    import uvicorn

    from shared import telemetry
    from shared.node import Node

    telemetry.setup("all", level=os.environ.get("ARCHWIRE_LOG_LEVEL", "WARNING"))
    node = Node(config, database.dsn)
    await node.start()
    app = import_module("gateway.app").create_app(node)
    server = uvicorn.Server(_uvicorn(app))
    ready = asyncio.create_task(_announce(server, config, started))
    keeper = asyncio.create_task(_keep_alive(database))
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in (ready, keeper):
            task.cancel()
        await node.stop()


def _uvicorn(app: Any) -> Any:
    import uvicorn

    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=10,
        # Longer than the client's and the load balancer's own: whoever closes an idle connection must be the one who would use it.
        timeout_keep_alive=75,
        server_header=False,
    )


async def _announce(server: Any, config: Config, started: float) -> None:
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    print(f"Archwire is ready at http://127.0.0.1:{config.port}  ({time.perf_counter() - started:.1f} s)", flush=True)
    note = config.data / "demo-logins.txt"
    if note.exists():
        print(note.read_text().replace("{port}", str(config.port)), flush=True)


async def _keep_alive(database: _Database) -> None:
    """Starts the embedded PostgreSQL again when it was killed."""
    while True:
        await asyncio.sleep(0.5)
        database.revive()


def run(config: Config, options: Any) -> int:
    """One part of a distributed installation; its neighbours are found by ARCHWIRE_<SERVICE>_ADDRESS."""
    part: str = options.part
    if options.services and part != "worker":
        raise Stop(f"run {part} takes no services: they are for a worker")
    if unknown := set(options.services) - set(NAMES):
        raise Stop(f"there is no service {', '.join(sorted(unknown))}: {', '.join(NAMES)}")
    if part == "all":
        return up(config, argparse.Namespace(no_seed=True))
    hosted = {"gateway": (), "worker": tuple(options.services) or NAMES}.get(part, (part,))
    # Without Kafka the gateway hears what happens through a database; with it, it needs none and no key to the vault.
    databases = hosted or (() if config.kafka else ("reporting",))
    _check_part(config, part)
    with _databases(config, databases) as dsn:
        _loop(_run_part(config, dsn, part, hosted))
    return 0


def _check_part(config: Config, part: str) -> None:
    """Says which keys a part lacks, and which brokers do not answer yet: without them it starts, and goes on trying."""
    from shared import doctor, keys

    if config.shared_secrets:
        needed = {"gateway": (keys.SIGNER,), "worker": tuple(keys.READ)}.get(part, (keys.SIGNER, keys.VAULT))
        if problems := keys.problems(config.secrets, needed):
            raise Stop("\n".join([*problems, "`archwire keys DIR` makes them, once for the whole installation"]))
    if part in ("gateway", "worker"):
        answers, what, advice = doctor.kafka(config)
        if not answers:
            print(f"archwire: {what} does not answer: {advice}; meanwhile events wait", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _databases(config: Config, services: Sequence[str]) -> Iterator[Callable[[str], str]]:
    """The databases of some services: each its own URL when it has one, so that the owner's need not be here."""
    if all(service in config.service_urls for service in services):
        _check_databases(services, config.service_urls.__getitem__, config)
        yield config.service_urls.__getitem__
        return
    with _database(config) as database:
        if config.database_url:
            _check_databases(services, database.dsn, config)
        yield database.dsn


def _check_databases(services: Sequence[str], dsn: Callable[[str], str], config: Config) -> None:
    from shared.postgres import unfit

    async def ask() -> list[str]:
        return await asyncio.gather(*(unfit(dsn(service), service) for service in services))

    for service, problem in zip(services, _loop(ask()), strict=True):
        if problem:
            own = service in config.service_urls
            raise Stop(f"{f'ARCHWIRE_{service.upper()}_DATABASE_URL' if own else 'DATABASE_URL'}: {problem}")


async def _run_part(config: Config, dsn: Callable[[str], str], part: str, hosted: Sequence[str]) -> None:
    from shared import telemetry
    from shared.node import Node
    from shared.rpc import serve

    telemetry.setup(part, level=os.environ.get("ARCHWIRE_LOG_LEVEL", "INFO"))
    node = Node(config, dsn)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        if part == "gateway":
            import uvicorn

            app = import_module("gateway.app").create_app(node)
            server = uvicorn.Server(_uvicorn(app))
            listener = _listen(config.port, host="0.0.0.0")  # noqa: S104  a pod's port
            await server.serve(sockets=[listener])
        else:
            working = part == "worker"
            await node.start(hosted, answer=not working, work=working)
            # A worker answers nothing but whether it is well.
            server, health, port = await serve([] if working else list(node.methods.values()), config.listen)
            print(f"archwire {part} listens on port {port}", flush=True)
            await stop.wait()
            await health.enter_graceful_shutdown()
            await server.stop(grace=30)
    finally:
        await node.stop()


def migrate(config: Config, options: Any) -> int:
    """Every history to its head; or, with --autogenerate, a new migration; or, with --check, whether anything is missing."""
    from shared import migrations

    with _database(config) as database:
        if options.autogenerate:
            database.migrate()
            print(migrations.autogenerate(database.owner_dsn, options.autogenerate, options.message))
        elif options.check:
            database.migrate()
            problems = migrations.check(database.owner_dsn)
            print("\n".join(problems) or "models and database agree")
            return 1 if problems else 0
        else:
            database.migrate()
            print("the database is at this version")
    return 0


def make_keys(config: Config, options: Any) -> int:
    """The keys of the installation, where there are none yet."""
    from shared import keys

    folder = options.folder or config.secrets
    try:
        made = keys.make(folder)
    except OSError as error:
        raise Stop(f"cannot write keys to {folder}: {error.strerror}") from None
    print(f"{folder}: " + (f"made {', '.join(made)}" if made else "all keys are there"))
    return 0


def seed(config: Config, options: Any) -> int:
    """The demo group, when there is no group yet."""
    _folder(config.data)
    with _database(config) as database:
        database.migrate()
        _seed(config, database, options.patients)
    return 0


def _seed(config: Config, database: _Database, patients: int | None) -> None:
    seeder = import_module("shared.demo.seed")
    _loop(seeder.seed(config, database.owner_dsn, patients=patients or seeder.demo.PATIENTS))


def demo(config: Config, options: Any) -> int:
    """The main job, played by six people over HTTP."""
    story = import_module("shared.demo.story")
    return int(story.play(options.url or f"http://127.0.0.1:{config.port}", config))


def replay(config: Config, options: Any) -> int:
    """Parked events of a service in their order, then its failed work."""
    from shared import events
    from shared.node import Node

    async def again(database: _Database) -> None:
        node = Node(config, database.dsn)
        await node.start(
            [options.service, "directory"] if options.service != "directory" else ["directory"], work=False
        )
        try:
            handled, left = await events.replay(
                node.methods[options.service].service, node.pools[options.service], node.handle
            )
            print(f"{options.service}: {handled} handled, {left} still parked")
        finally:
            await node.stop()

    with _database(config) as database:
        _loop(again(database))
    return 0


def verify_audit(config: Config, _options: Any) -> int:
    """Says for every group and service whether its audit rows are the ones that were sealed."""
    from shared import audit

    with _database(config) as database:
        report = _loop(audit.verify(database.owner_dsn, config.data, config.secrets))
    for line in report.lines:
        print(line)
    return 0 if report.ok else 1


def openapi(_config: Config, options: Any) -> int:
    """The OpenAPI document of this version, without starting anything."""
    document = import_module("gateway.openapi").document_json()
    if options.output:
        try:
            Path(options.output).write_text(document)
        except OSError as error:
            raise Stop(f"cannot write {options.output}: {error.strerror}") from None
    else:
        print(document)
    return 0


def doctor(config: Config, _options: Any) -> int:
    """What is wrong with this machine, and what to do."""
    from shared.doctor import check

    worst = 0
    for ok, what, advice in check(config):
        print(f"{'ok ' if ok else 'NO '} {what}" + ("" if ok else f": {advice}"))
        worst = worst or (0 if ok else 1)
    return worst


def create_group(config: Config, options: Any) -> int:
    """A group with its owner, whose password is set by the one-time code that is printed."""
    from shared.errors import ServiceError

    bootstrap = import_module("shared.demo.bootstrap")
    with _database(config) as database:
        database.migrate()
        work = bootstrap.create_group(config, database.dsn, options.name, options.owner_email, options.owner_name)
        try:
            print(_loop(work))
        except ServiceError as error:
            raise Stop(f"no group was created: {error.message} ({error.field or error.reason})") from None
    return 0


# --- what the commands share --------------------------------------------------------------------------------------


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: choose one from 0 to 65535")
    return int(text)


class _Database:
    """The database of this installation: the embedded one, or the one of DATABASE_URL."""

    def __init__(self, config: Config, server: Any) -> None:
        self.config = config
        self._server = server

    @property
    def owner_dsn(self) -> str:
        return self._server.dsn() if self._server else self.config.database_url

    def dsn(self, service: str) -> str:
        """The database of a service, as its own role."""
        return self.config.service_urls.get(service) or settings.service_dsn(self.owner_dsn, service)

    def migrate(self) -> bool:
        """Brings the database to this version; returns whether there was anything to do."""
        import asyncpg

        from shared import migrations

        try:
            return bool(migrations.migrate(self.owner_dsn, service_urls=self.config.service_urls))
        except asyncpg.InsufficientPrivilegeError as error:
            raise Stop(f"DATABASE_URL: its user may not do this: {error}; use the owner's, with CREATEROLE") from None

    def revive(self) -> None:
        if self._server is not None:
            self._server.revive()


@contextlib.contextmanager
def _database(config: Config, *, alone: bool = False) -> Any:
    """The database; of the embedded one that runs already only when not `alone`."""
    from shared import postgres

    if config.database_url:
        if problem := _loop(postgres.unfit(config.database_url)):
            raise Stop(f"DATABASE_URL: {problem}")
        yield _Database(config, None)
        return
    _folder(config.data)
    try:
        running = None if alone else postgres.find(config.data)
        server = running or postgres.start(config.data)
    except postgres.PostgresError as error:
        raise Stop(str(error)) from None
    try:
        yield _Database(config, server)
    finally:
        if running is None:
            server.stop()


def _folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=data).close()
    except OSError as error:
        raise Stop(
            f"cannot write to the data folder {data} ({error.strerror}): make it writable, or choose another with "
            "--data or ARCHWIRE_DATA"
        ) from None


def _listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        what = (
            "is in use: stop what uses it" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        )
        raise Stop(f"port {port} {what}, or choose another with --port or ARCHWIRE_PORT") from None
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


def _loop(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


if __name__ == "__main__":
    raise SystemExit(main())
