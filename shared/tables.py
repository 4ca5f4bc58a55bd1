"""The building blocks of every service's `models.py`: tenant rows, versions, location scope, platform tables.

Primary keys, unique constraints and foreign keys lead with `tenant_id`, so that no key reveals or reaches another
group's row. `tenant_id` fills itself from the transaction's scope: no statement passes it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}
CURRENT_TENANT = text("nullif(current_setting('app.tenant', true), '')::uuid")
TIMESTAMPTZ = DateTime(timezone=True)


def new_base(schema: str) -> type[DeclarativeBase]:
    """Returns the declarative base of a service whose tables live in `schema`, platform tables included."""

    class Base(DeclarativeBase):
        metadata = MetaData(schema=schema, naming_convention=NAMING)
        type_annotation_map: ClassVar[dict[Any, Any]] = {
            str: Text,
            int: Integer,
            dt.datetime: TIMESTAMPTZ,
            dt.date: Date,
            dict[str, Any]: JSONB,
            list[Any]: JSONB,
            list[str]: ARRAY(Text),
        }

    platform_tables(Base.metadata)
    return Base


class TenantTable:
    """A table whose rows belong to one group; row-level security hides every other group's.

    Set `append_only = True` for ledgers and evidence: the service may insert and read, nothing else.
    """

    append_only: ClassVar[bool] = False

    tenant_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True, server_default=CURRENT_TENANT)
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True, server_default=text("uuidv7()"))


class Versioned:
    """A mutable resource: optimistic version and times of change."""

    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    created_at: Mapped[dt.datetime] = mapped_column(TIMESTAMPTZ, server_default=text("now()"))
    updated_at: Mapped[dt.datetime] = mapped_column(TIMESTAMPTZ, server_default=text("now()"))


class Located:
    """A row of one location; row-level security hides it from callers without that location."""

    location_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))


class LocatedMany:
    """A row that several locations share, such as a patient."""

    @declared_attr
    def location_ids(cls) -> Mapped[list[str]]:
        return mapped_column(ARRAY(Uuid(as_uuid=False)))


def cents(**options: Any) -> Any:
    """A column of money in minor units, not null unless it says so."""
    return mapped_column(BigInteger, **options)


def ref(column: str, target: str, **options: Any) -> ForeignKeyConstraint:
    """The foreign key (tenant_id, `column`) to (tenant_id, id) of `target`, "schema.table"."""
    return ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{column}_{target.split('.')[1]}",
        **options,
    )


# Queues and bookkeeping of the runtime. No RPC reads them, and they are read before a tenant is known,
# so they have no row-level security; they hold ids and serialised events, never names or notes.
PLATFORM_QUEUES = ("outbox", "inbox", "dead_letters", "work", "audit_tenant")


# Rows of the outbox live for milliseconds: it is vacuumed by their number, at full speed.
TURNS_OVER = {
    "autovacuum_vacuum_scale_factor": 0,
    "autovacuum_vacuum_threshold": 2000,
    "autovacuum_vacuum_cost_delay": 0,
}


def platform_tables(metadata: MetaData) -> None:
    """Adds the tables that the runtime keeps in every service's schema."""
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("event_id", Uuid(as_uuid=False), nullable=False, server_default=text("uuidv7()")),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("created_at", TIMESTAMPTZ, nullable=False, server_default=text("now()")),
        postgresql_with=TURNS_OVER,
    )
    Table(
        "inbox",
        metadata,
        Column("event_id", Uuid(as_uuid=False), primary_key=True),
        Column("handled_at", TIMESTAMPTZ, nullable=False, server_default=text("now()")),
    )
    Table(
        "dead_letters",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("event_id", Uuid(as_uuid=False), nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("reason", Text, nullable=False),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("parked_at", TIMESTAMPTZ, nullable=False, server_default=text("now()")),
        Index("ix_dead_letters_topic_key_id", "topic", "key", "id"),
    )
    Table(
        "work",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("tenant_id", Uuid(as_uuid=False), nullable=False, server_default=CURRENT_TENANT),
        Column("job", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("due_at", TIMESTAMPTZ, nullable=False),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("failed_at", TIMESTAMPTZ),
        Column("reason", Text),
        Column("traceparent", Text),
        Index("ix_work_due_at", "due_at", postgresql_where=text("failed_at IS NULL")),
    )
    Table(
        "reply",
        metadata,
        Column("tenant_id", Uuid(as_uuid=False), nullable=False, server_default=CURRENT_TENANT),
        Column("caller", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("request_id", Uuid(as_uuid=False), nullable=False),
        Column("request_hash", LargeBinary, nullable=False),
        Column("reply", LargeBinary),
        Column("created_at", TIMESTAMPTZ, nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("tenant_id", "caller", "method", "request_id"),
    )
    Table(
        "audit",
        metadata,
        Column("tenant_id", Uuid(as_uuid=False), primary_key=True, server_default=CURRENT_TENANT),
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("at", TIMESTAMPTZ, nullable=False),
        Column("actor_id", Text, nullable=False),
        Column("actor_kind", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("permission", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("patient_ids", ARRAY(Uuid(as_uuid=False)), nullable=False, server_default=text("'{}'")),
        Column("resource", Text),
        Column("resource_id", Text),
        Column("purpose", Text, nullable=False),
        Column("request_id", Text),
        Column("trace_id", Text),
        Index("ix_audit_patient_ids", "patient_ids", postgresql_using="gin"),
        info={"append_only": True, "tenant": True},
    )
    Table(
        "audit_seal",
        metadata,
        Column("tenant_id", Uuid(as_uuid=False), primary_key=True, server_default=CURRENT_TENANT),
        Column("seq", BigInteger, primary_key=True),
        Column("last_audit_id", BigInteger, nullable=False),
        Column("row_count", Integer, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("sealed_at", TIMESTAMPTZ, nullable=False),
        info={"append_only": True, "tenant": True},
    )
    # Which groups have audit rows here: the sealer must find them before it has a scope.
    Table("audit_tenant", metadata, Column("tenant_id", Uuid(as_uuid=False), primary_key=True))
