"""The directory's tables: people, places, partners, credentials. One index of hashes is read before a tenant is known."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import LocatedMany, TenantTable, Versioned, new_base, ref
from shared.tables import TIMESTAMPTZ

Base = new_base("directory")
ID = Uuid(as_uuid=False)


def one_of(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(v) for v in values)})", name=column)


# --- places -------------------------------------------------------------------------------------------------------


class Group(Versioned, TenantTable, Base):
    """The tenant itself: its id is the tenant id."""

    __tablename__ = "practice_group"
    __table_args__ = (CheckConstraint("id = tenant_id", name="id"),)
    name: Mapped[str]
    slug: Mapped[str]
    next_chart_number: Mapped[int] = mapped_column(BigInteger, server_default=text("1001"))


class Region(Versioned, TenantTable, Base):
    __tablename__ = "region"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)
    name: Mapped[str]


class LegalEntity(Versioned, TenantTable, Base):
    __tablename__ = "legal_entity"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)
    name: Mapped[str]
    tax_id: Mapped[str]
    npi: Mapped[str]


class Location(Versioned, TenantTable, Base):
    __tablename__ = "location"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        ref("region_id", "directory.region"),
        ref("legal_entity_id", "directory.legal_entity"),
    )
    name: Mapped[str]
    region_id: Mapped[str | None] = mapped_column(ID)
    legal_entity_id: Mapped[str | None] = mapped_column(ID)
    time_zone: Mapped[str]
    address: Mapped[dict[str, Any]]
    phone: Mapped[str]
    email: Mapped[str]
    npi: Mapped[str]
    place_of_service: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


# --- staff --------------------------------------------------------------------------------------------------------


class Staff(Versioned, TenantTable, Base):
    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("tenant_id", "email"),
        Index("ix_staff_name", "tenant_id", "last_name", "first_name", "id"),
    )
    first_name: Mapped[str]
    last_name: Mapped[str]
    title: Mapped[str]
    email: Mapped[str]  # lower case
    phone: Mapped[str]
    is_provider: Mapped[bool]
    npi: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    last_sign_in_time: Mapped[dt.datetime | None]


class RoleGrant(TenantTable, Base):
    """A role at a location, in a region, or (both null) everywhere."""

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id",
            "staff_id",
            "role",
            "location_id",
            "region_id",
            name="uq_role_grant",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("location_id IS NULL OR region_id IS NULL", name="scope"),
        CheckConstraint("start_time < expire_time", name="times"),
        ref("staff_id", "directory.staff"),
        ref("location_id", "directory.location"),
        ref("region_id", "directory.region"),
    )
    staff_id: Mapped[str] = mapped_column(ID)
    role: Mapped[str]
    location_id: Mapped[str | None] = mapped_column(ID)
    region_id: Mapped[str | None] = mapped_column(ID)
    start_time: Mapped[dt.datetime | None]  # none: from the start
    expire_time: Mapped[dt.datetime | None]  # none: it stays


# --- patients and the people responsible for them -----------------------------------------------------------------


class Patient(LocatedMany, Versioned, TenantTable, Base):
    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("tenant_id", "chart_number"),
        one_of("sex", "", "female", "male", "unknown"),
        one_of("language", "en", "es"),
        CheckConstraint("home_location_id = ANY (location_ids)", name="home"),
        ref("home_location_id", "directory.location"),
        Index("ix_patient_birth_date", "tenant_id", "birth_date"),
        Index("ix_patient_mobile", "tenant_id", "mobile"),
        Index(
            "ix_patient_search_text",
            "tenant_id",
            "search_text",
            postgresql_using="gist",
            postgresql_ops={"search_text": "gist_trgm_ops"},
        ),
    )
    chart_number: Mapped[int] = mapped_column(BigInteger)
    first_name: Mapped[str]
    last_name: Mapped[str]
    preferred_name: Mapped[str]
    birth_date: Mapped[dt.date]
    sex: Mapped[str]
    language: Mapped[str]
    email: Mapped[str]
    mobile: Mapped[str]
    address: Mapped[dict[str, Any]]
    home_location_id: Mapped[str] = mapped_column(ID)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    search_text: Mapped[str]  # names in plain lower-case letters, each after a space


class ResponsibleParty(LocatedMany, Versioned, TenantTable, Base):
    """Seen from every location of its patients."""

    __tablename__ = "responsible_party"
    __table_args__ = (
        one_of("language", "en", "es"),
        ref("patient_id", "directory.patient"),
        Index("ix_responsible_party_mobile", "tenant_id", "mobile"),
    )
    first_name: Mapped[str]
    last_name: Mapped[str]
    birth_date: Mapped[dt.date | None]
    language: Mapped[str]
    email: Mapped[str]
    mobile: Mapped[str]
    address: Mapped[dict[str, Any]]
    patient_id: Mapped[str | None] = mapped_column(ID)


class Relationship(LocatedMany, Versioned, TenantTable, Base):
    __tablename__ = "relationship"
    __table_args__ = (
        Index(
            "uq_relationship_current",
            "tenant_id",
            "patient_id",
            "party_id",
            unique=True,
            postgresql_where=text("end_time IS NULL"),
        ),
        Index(
            "uq_relationship_primary",
            "tenant_id",
            "patient_id",
            unique=True,
            postgresql_where=text("primary_contact AND end_time IS NULL"),
        ),
        Index("ix_relationship_patient_id", "tenant_id", "patient_id"),
        Index("ix_relationship_party_id", "tenant_id", "party_id"),
        one_of("kind", "self", "parent", "step_parent", "guardian", "court_order", "guarantor", "spouse", "other"),
        CheckConstraint("share_bp BETWEEN 0 AND 10000 AND (financial OR share_bp = 0)", name="share_bp"),
        ref("patient_id", "directory.patient"),
        ref("party_id", "directory.responsible_party"),
    )
    patient_id: Mapped[str] = mapped_column(ID)
    party_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str]
    may_consent: Mapped[bool]
    clinical_access: Mapped[bool]
    financial: Mapped[bool]
    share_bp: Mapped[int]
    own_share_only: Mapped[bool]
    primary_contact: Mapped[bool]
    court_order: Mapped[str]
    end_time: Mapped[dt.datetime | None]


class Alert(LocatedMany, Versioned, TenantTable, Base):
    """A warning on a patient's chart, seen from every location of the patient. Ended, never deleted."""

    __tablename__ = "alert"
    __table_args__ = (
        one_of(
            "kind",
            *("financial_hold", "contact_restriction", "custody", "other"),
            *("allergy", "condition", "medication", "premedication"),
        ),
        ref("patient_id", "directory.patient"),
        Index("ix_alert_patient_id", "tenant_id", "patient_id", "id"),
    )
    patient_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str]
    text: Mapped[str]
    raised_by_id: Mapped[str]  # the actor: a staff member, or the platform itself
    end_time: Mapped[dt.datetime | None]


# --- partners -----------------------------------------------------------------------------------------------------


class Partner(Versioned, TenantTable, Base):
    __tablename__ = "partner"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "name"),
        one_of("kind", "lab", "referrer", "insurer", "vendor", "specialist"),
        Index("ix_partner_name", "tenant_id", "name", "id"),
    )
    kind: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str]
    website: Mapped[str]
    address: Mapped[dict[str, Any]]
    account_number: Mapped[str]
    notes: Mapped[str]
    contacts: Mapped[list[Any]]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class PartnerEntry(Versioned, TenantTable, Base):
    """A call, a mail, a visit, or a matter that someone must settle."""

    __tablename__ = "partner_entry"
    __table_args__ = (
        one_of("kind", "call", "email", "visit", "matter"),
        ref("partner_id", "directory.partner"),
        Index("ix_partner_entry_created_at", "tenant_id", "created_at", "id"),
        Index("ix_partner_entry_partner_id", "tenant_id", "partner_id", "created_at"),
    )
    partner_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str]
    note: Mapped[str]
    due_date: Mapped[dt.date | None]
    staff_id: Mapped[str]  # the actor: a staff member, or the platform itself
    resolution: Mapped[str] = mapped_column(server_default=text("''"))
    resolve_time: Mapped[dt.datetime | None]


# --- credentials --------------------------------------------------------------------------------------------------


class Credential(TenantTable, Base):
    """How one staff member proves who she is; its id is the staff member's."""

    __tablename__ = "credential"
    __table_args__ = (ref("id", "directory.staff"),)
    password_hash: Mapped[str | None]  # argon2id
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed
    totp_confirmed: Mapped[bool] = mapped_column(server_default=text("false"))
    totp_last_step: Mapped[int] = mapped_column(
        BigInteger, server_default=text("0")
    )  # a code of this step or before is spent
    recovery_hashes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    failures: Mapped[list[dt.datetime]] = mapped_column(ARRAY(TIMESTAMPTZ), server_default=text("'{}'"))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)  # of the token that sets a password
    token_expire_time: Mapped[dt.datetime | None]


class Session(TenantTable, Base):
    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        ref("staff_id", "directory.staff"),
        Index("ix_session_staff_id", "tenant_id", "staff_id", postgresql_where=text("end_time IS NULL")),
    )
    staff_id: Mapped[str] = mapped_column(ID)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    second_factor: Mapped[bool]
    ip: Mapped[str]
    user_agent: Mapped[str]
    open_time: Mapped[dt.datetime]
    seen_time: Mapped[dt.datetime]
    expire_time: Mapped[dt.datetime]
    end_time: Mapped[dt.datetime | None]


class Client(Versioned, TenantTable, Base):
    """An API client of an integrator or a lab."""

    __tablename__ = "client"
    __table_args__ = (
        one_of("role", "integrator", "lab"),
        CheckConstraint("role <> 'lab' OR partner_id IS NOT NULL", name="partner"),
        ref("partner_id", "directory.partner"),
    )
    name: Mapped[str]
    role: Mapped[str]
    partner_id: Mapped[str | None] = mapped_column(ID)
    location_ids: Mapped[list[str]] = mapped_column(ARRAY(ID))
    all_locations: Mapped[bool]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expire_time: Mapped[dt.datetime]
    revoke_time: Mapped[dt.datetime | None]
    last_use_time: Mapped[dt.datetime | None]


class Link(TenantTable, Base):
    """A family's private link: one purpose, one subject."""

    __tablename__ = "link"
    __table_args__ = (Index("ix_link_patient_id", "tenant_id", "patient_id", "id"),)
    purpose: Mapped[str]
    subject: Mapped[dict[str, Any]]
    patient_id: Mapped[str | None] = mapped_column(ID)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expire_time: Mapped[dt.datetime]
    revoke_time: Mapped[dt.datetime | None]
    last_use_time: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


# Read before a tenant is known, so it has no row-level security: hashes and ids, nothing else.
# `kind` is email (keyed hash), slug, session, client, link or password (SHA-256 of a random secret).
CREDENTIAL_INDEX = Table(
    "credential_index",
    Base.metadata,
    Column("kind", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("group_id", ID, nullable=False),
    Column("id", ID, nullable=False),
    PrimaryKeyConstraint("kind", "hash", "group_id"),
    Index("uq_credential_index_kind_hash", "kind", "hash", unique=True, postgresql_where=text("kind <> 'email'")),
)
AUDIT = Base.metadata.tables["directory.audit"]
