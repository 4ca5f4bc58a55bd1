"""The one way to the database: statements declared with SQLAlchemy Core, compiled once, run on asyncpg.

`Pool.begin(scope)` opens the transaction of one Call with its row-level-security scope in a single round trip; `Db`
runs compiled statements in it. Rows give their columns as attributes. Ids are text, times are aware datetimes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
import orjson
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.expression import ClauseElement

from shared.connections import Connections
from shared.errors import Conflict, Denied, Invalid, NotFound, ServiceError, Unavailable
from shared.tables import (  # noqa: F401  services take their building blocks from here
    Located,
    LocatedMany,
    TenantTable,
    Versioned,
    cents,
    new_base,
    platform_tables,
    ref,
)
from shared.telemetry import statement_span

DIALECT = asyncpg_dialect()
EVERYWHERE = "*"
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)  # what a dead connection raises
NOT_DURABLE = "; SET LOCAL synchronous_commit = off"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Row(asyncpg.Record):
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Statement:
    """A statement compiled once. `sql` has $n parameters, `names` their names in order, `defaults` the literal ones."""

    __slots__ = ("_taken", "defaults", "module", "name", "names", "sql")

    def __init__(self, sql: str, names: Sequence[str], defaults: Mapping[str, Any], name: str, module: str) -> None:
        self.sql = sql
        self.names = tuple(names)
        self._taken = frozenset(names)
        self.defaults = dict(defaults)
        self.name = name
        self.module = module

    def arguments(self, params: Mapping[str, Any]) -> list[Any]:
        defaults = self.defaults
        try:
            values = [params[name] if name in params else defaults[name] for name in self.names]
        except KeyError as missing:
            raise TypeError(f"{self.module}: parameter {missing} of {self.name!r} is missing") from None
        if not self._taken.issuperset(params):
            raise TypeError(f"{self.module}: {self.name!r} takes {self.names}, not {tuple(params)}")
        return values


STATEMENTS: list[Statement] = []  # every declared statement: a test plans each of them on seeded data


def statement(clause: ClauseElement) -> Statement:
    """Compiles a Core statement at import. Values are `bindparam("name")`; literals in the statement stay as they are."""
    compiled: Any = clause.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    names = list(compiled.positiontup or ())
    required = {bind.key for bind in compiled.binds.values() if bind.required}
    defaults = {name: value for name, value in compiled.params.items() if name not in required}
    sql = str(compiled)
    words = re.sub(r"\s+", " ", sql).split(" ")
    table = re.search(r"\b(?:FROM|INTO|UPDATE)\s+([\w.]+)", sql)
    made = Statement(
        sql,
        names,
        defaults,
        f"{words[0].lower()} {table.group(1) if table else ''}".strip(),
        sys._getframe(1).f_globals.get("__name__", ""),
    )
    STATEMENTS.append(made)
    return made


class Db:
    """Runs statements in the transaction of one Call."""

    __slots__ = ("connection", "opened", "tenant_id")

    def __init__(self, connection: Any, tenant_id: str = "", opened: str = "") -> None:
        self.connection = connection
        self.tenant_id = tenant_id  # of the scope now
        self.opened = opened  # what the last command of the opening said, such as "INSERT 0 1"

    async def all(
        self, stmt: Statement, *, conflict: Mapping[str, ServiceError] | None = None, **params: Any
    ) -> list[Any]:
        """Returns every row."""
        with statement_span(stmt.name), translate(conflict):
            return await self.connection.fetch(stmt.sql, *stmt.arguments(params))

    async def first(self, stmt: Statement, *, conflict: Mapping[str, ServiceError] | None = None, **params: Any) -> Any:
        """Returns the first row, or None."""
        with statement_span(stmt.name), translate(conflict):
            return await self.connection.fetchrow(stmt.sql, *stmt.arguments(params))

    async def one(
        self,
        stmt: Statement,
        *,
        missing: ServiceError | None = None,
        conflict: Mapping[str, ServiceError] | None = None,
        **params: Any,
    ) -> Any:
        """Returns the first row, or raises `missing`."""
        row = await self.first(stmt, conflict=conflict, **params)
        if row is None:
            raise missing or NotFound("NOT_FOUND", "there is no such thing")
        return row

    async def run(self, stmt: Statement, *, conflict: Mapping[str, ServiceError] | None = None, **params: Any) -> int:
        """Runs a statement that returns nothing; returns the number of rows it touched."""
        with statement_span(stmt.name), translate(conflict):
            status = await self.connection.execute(stmt.sql, *stmt.arguments(params))
        count = status.rsplit(" ", 1)[-1]
        return int(count) if count.isdigit() else 0

    async def run_many(
        self, stmt: Statement, rows: Sequence[Mapping[str, Any]], *, conflict: Mapping[str, ServiceError] | None = None
    ) -> None:
        """Runs a statement once per row of parameters, in one round trip."""
        if rows:
            with statement_span(stmt.name), translate(conflict):
                await self.connection.executemany(stmt.sql, [stmt.arguments(row) for row in rows])

    async def scope(self, tenant_id: str, locations: str | Sequence[str]) -> None:
        """Switches the row-level-security scope inside the transaction. For the runtime and system callers only."""
        await self.connection.execute(set_scope(tenant_id, locations))
        self.tenant_id = tenant_id


def check_version(row: Any, version: int) -> None:
    """Raises STALE_VERSION when the caller's version is not the row's."""
    if row.version != version:
        raise Conflict(
            "STALE_VERSION", "it was changed meanwhile: read it again", field="version", current_version=row.version
        )


def set_scope(tenant_id: str, locations: str | Sequence[str]) -> str:
    """The SET LOCAL commands of a scope. An empty tenant or no location matches nothing."""
    return _set_scope(tenant_id, locations if isinstance(locations, str) else ",".join(locations))


@lru_cache(maxsize=10_000)
def _set_scope(tenant_id: str, joined: str) -> str:
    for value in (tenant_id, *(() if joined == EVERYWHERE or not joined else joined.split(","))):
        if value and not _UUID.fullmatch(value):
            raise ValueError("a scope is made of UUIDs")
    return f"SET LOCAL app.tenant = '{tenant_id}'; SET LOCAL app.locations = '{joined}'"


class Pool(Connections):
    """Connections of one service to its schema, and the transactions on them."""

    @classmethod
    async def open(cls, dsn: str, *, max_size: int = 8) -> Pool:
        """A pool for `dsn`; it connects when the first borrower comes."""

        async def connect() -> Any:
            connection = await asyncpg.connect(
                dsn,
                record_class=Row,
                command_timeout=30,
                server_settings={"application_name": "archwire", "jit": "off"},
            )
            await _set_codecs(connection)
            return connection

        return cls(connect, max_size)

    def begin(
        self, tenant_id: str = "", locations: str | Sequence[str] = "", *, durable: bool = True, first: str = ""
    ) -> Transaction:
        """The transaction of one Call: commits at the end, rolls back on any exception.

        `durable=False` is for reads: their audit row is committed, but need not wait for the disk. `first` is a command
        that goes with the opening, in the same round trip; its outcome is `Db.opened`.
        """
        opening = f"BEGIN; {set_scope(tenant_id, locations)}{'' if durable else NOT_DURABLE}"
        return Transaction(self, f"{opening}; {first}" if first else opening, tenant_id)


class Transaction:
    """A transaction around a block. A class, not a generator: it stands around every request and event.

    Nothing is reset between borrowers: all session state is SET LOCAL, so the transaction's end clears it.
    """

    __slots__ = ("_connection", "_opening", "_pool", "_tenant_id")

    def __init__(self, pool: Pool, opening: str, tenant_id: str) -> None:
        self._pool, self._opening, self._tenant_id = pool, opening, tenant_id

    async def __aenter__(self) -> Db:
        with translate(None):
            connection = self._connection = await self._pool.acquire()
            try:
                return Db(connection, self._tenant_id, await connection.execute(self._opening))
            except BaseException:
                await self._undo()
                raise

    async def __aexit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> None:
        if kind is not None:
            await self._undo()
            return
        with translate(None):
            try:
                await self._connection.execute("COMMIT")
            except BaseException:
                await self._undo()
                raise
        self._pool.release(self._connection)

    async def _undo(self) -> None:
        """Rolls back, or drops a connection with which that cannot be done; it goes back either way."""
        try:
            if not self._connection.is_closed():
                await self._connection.execute("ROLLBACK", timeout=5)
        except (*LOST, OSError, TimeoutError):
            self._connection.terminate()
        except BaseException:
            self._connection.terminate()
            raise
        finally:
            self._pool.release(self._connection)


async def _set_codecs(connection: Any) -> None:
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
        )


class translate:
    """Turns PostgreSQL's errors into ServiceErrors; `conflict` maps constraint names to the caller's own.

    A class, not a generator: it stands around every statement.
    """

    __slots__ = ("conflict",)

    def __init__(self, conflict: Mapping[str, ServiceError] | None) -> None:
        self.conflict = conflict

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if kind is None or isinstance(error, ServiceError) or not isinstance(error, Exception):
            return
        translated = _translated(error, self.conflict or {})
        if translated is not None:
            raise translated from error


def _translated(error: Exception, conflict: Mapping[str, ServiceError]) -> ServiceError | None:
    constraint = getattr(error, "constraint_name", None) or ""
    if constraint in conflict:
        return conflict[constraint]
    if isinstance(error, asyncpg.InsufficientPrivilegeError) and "row-level security" in str(error):
        return Denied("OUT_OF_SCOPE", "this location is outside your scope")
    for kinds, make in _ERRORS:
        if isinstance(error, kinds):
            return make(constraint)
    return None


def _unknown_reference(constraint: str) -> ServiceError:
    match = re.fullmatch(r"fk_(\w+_id)_\w+", constraint)
    return Invalid("UNKNOWN_REFERENCE", "it names something that does not exist", field=match and match.group(1))


_ERRORS: tuple[tuple[tuple[type[Exception], ...], Callable[[str], ServiceError]], ...] = (
    ((asyncpg.ForeignKeyViolationError,), _unknown_reference),
    (
        (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError),
        lambda name: Conflict("ALREADY_EXISTS", "such a thing exists already", constraint=name),
    ),
    (
        (asyncpg.CheckViolationError, asyncpg.NotNullViolationError, asyncpg.DataError),
        lambda name: Invalid("OUT_OF_RANGE", "a value is outside what the database accepts", constraint=name),
    ),
    (
        (
            asyncpg.DeadlockDetectedError,
            asyncpg.SerializationError,
            asyncpg.LockNotAvailableError,
            asyncpg.QueryCanceledError,
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,  # the connection died between two messages
            asyncpg.TooManyConnectionsError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            ConnectionError,
            TimeoutError,
            OSError,
        ),
        lambda _: Unavailable("DATABASE_BUSY", "the database cannot answer now: try again"),
    ),
)
