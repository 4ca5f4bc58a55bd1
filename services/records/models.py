"""Tables of the clinical record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Located, TenantTable, Versioned, new_base, ref

Base = new_base("records")
ID = Uuid(as_uuid=False)


class Visit(Located, Versioned, TenantTable, Base):
    """One visit of the chart, opened when the patient arrives."""

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "appointment_id"),
        Index("ix_visit_patient", "tenant_id", "patient_id", "arrived_at", "id"),
    )

    appointment_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    provider_id: Mapped[str | None] = mapped_column(ID)
    type_code: Mapped[str]
    arrived_at: Mapped[dt.datetime]
    completed_at: Mapped[dt.datetime | None]


class Note(Located, Versioned, TenantTable, Base):
    """A progress note; once signed it is only added to."""

    __tablename__ = "note"
    __table_args__ = (
        ref("visit_id", "records.visit"),
        ref("addendum_to_id", "records.note"),
        Index("ix_note_patient", "tenant_id", "patient_id", "created_at", "id"),
        Index("ix_note_visit", "tenant_id", "visit_id"),
        Index("ix_note_unsigned", "tenant_id", "created_at", "id", postgresql_where=text("signed_at IS NULL")),
    )

    patient_id: Mapped[str] = mapped_column(ID)
    visit_id: Mapped[str | None] = mapped_column(ID)
    author_id: Mapped[str]
    text: Mapped[str]
    addendum_to_id: Mapped[str | None] = mapped_column(ID)
    signed_by_id: Mapped[str | None]
    signed_at: Mapped[dt.datetime | None]


class Image(Located, TenantTable, Base):
    """A photograph, film or scan."""

    __tablename__ = "image"
    __table_args__ = (
        CheckConstraint("format IN ('jpeg','dicom','stl','ply')", name="format"),
        Index("ix_image_patient", "tenant_id", "patient_id", "created_at", "id"),
        Index("ix_image_gate", "tenant_id", "patient_id", "stage", "view"),
    )

    patient_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    view: Mapped[str]
    stage: Mapped[str]
    format: Mapped[str]
    taken_at: Mapped[dt.datetime]
    width: Mapped[int] = mapped_column(server_default=text("0"))
    height: Mapped[int] = mapped_column(server_default=text("0"))
    triangle_count: Mapped[int] = mapped_column(server_default=text("0"))
    modality: Mapped[str] = mapped_column(server_default="")
    storage_key: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    added_by_id: Mapped[str]
    created_at: Mapped[dt.datetime]
    sizes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    frame: Mapped[dict[str, Any] | None]  # as the API's Frame; films only


class Rendition(Located, TenantTable, Base):
    """A smaller size of an image, or the measured pixels of a film; made when the image is added."""

    __tablename__ = "rendition"
    __table_args__ = (
        CheckConstraint("size IN ('thumbnail','screen','frame')", name="size"),
        ref("image_id", "records.image"),
        UniqueConstraint("tenant_id", "image_id", "size"),
    )
    append_only = True

    image_id: Mapped[str] = mapped_column(ID)
    size: Mapped[str]
    content_type: Mapped[str]
    storage_key: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]


class Document(Located, Versioned, TenantTable, Base):
    """A document to read and sign. `params` are the amounts and dates it is made from, without names."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint("state IN ('preparing','ready','signed','blocked','void')", name="state"),
        UniqueConstraint("tenant_id", "contract_id", "contract_version", "kind", "party_id"),
        Index("ix_document_patient", "tenant_id", "patient_id", "created_at", "id"),
    )

    kind: Mapped[str]
    patient_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    contract_id: Mapped[str | None] = mapped_column(ID)
    contract_version: Mapped[int] = mapped_column(
        server_default=text("0")
    )  # whose terms it holds; 0 without a contract
    party_id: Mapped[str] = mapped_column(ID)
    state: Mapped[str]
    block_reason: Mapped[str] = mapped_column(server_default="")
    title: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
    template_version: Mapped[str]
    relationship: Mapped[str] = mapped_column(server_default="")
    params: Mapped[dict[str, Any]]
    storage_key: Mapped[str] = mapped_column(server_default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sha256: Mapped[str] = mapped_column(server_default="")


class Signature(Located, TenantTable, Base):
    """Evidence of one signature (ESIGN, UETA): who, of what bytes, how, when, from where."""

    __tablename__ = "signature"
    __table_args__ = (ref("document_id", "records.document"), UniqueConstraint("tenant_id", "document_id", "party_id"))
    append_only = True

    document_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    party_id: Mapped[str] = mapped_column(ID)
    relationship: Mapped[str]
    signer_name: Mapped[str]
    method: Mapped[str]
    sha256: Mapped[str]
    disclosure_version: Mapped[str]
    witness_id: Mapped[str] = mapped_column(server_default="")
    session_id: Mapped[str] = mapped_column(server_default="")
    ip: Mapped[str] = mapped_column(server_default="")
    signed_at: Mapped[dt.datetime]
