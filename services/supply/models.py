"""Tables of supply: labs, orders, their history, parcels and discrepancies."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.supply import domain
from shared.db import Located, TenantTable, Versioned, new_base, ref

Base = new_base("supply")
ID = Uuid(as_uuid=False)


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The text of a CHECK that keeps a column to short names."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Location(TenantTable, Base):
    """The directory's location, of which supply needs the time zone: due dates are local days."""

    __tablename__ = "location"
    time_zone: Mapped[str]


class Lab(Versioned, TenantTable, Base):
    """A lab that takes orders; its id is that of the directory's partner."""

    __tablename__ = "lab"
    __table_args__ = (
        CheckConstraint("turnaround_days BETWEEN 1 AND 90", name="turnaround_days"),
        Index("ix_lab_name", "tenant_id", "name", "id"),
    )
    name: Mapped[str]
    turnaround_days: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class LabOrder(Located, Versioned, TenantTable, Base):
    """An order. `items` are lines of description, arch and quantity; `patient_initials` is all a lab sees of a name."""

    __tablename__ = "lab_order"
    __table_args__ = (
        ref("lab_id", "supply.lab"),
        CheckConstraint(one_of("state", domain.STATES), name="state"),
        CheckConstraint(one_of("kind", domain.KINDS), name="kind"),
        CheckConstraint("fee_cents >= 0", name="fee_cents"),
        Index("ix_lab_order_due_date", "tenant_id", "due_date", "id"),
        Index("ix_lab_order_lab_id", "tenant_id", "lab_id", "due_date", "id"),
        Index("ix_lab_order_patient_id", "tenant_id", "patient_id"),
        Index("ix_lab_order_appointment_id", "tenant_id", "appointment_id"),
    )
    lab_id: Mapped[str] = mapped_column(ID)
    patient_id: Mapped[str] = mapped_column(ID)
    patient_initials: Mapped[str]
    case_id: Mapped[str | None] = mapped_column(ID)
    appointment_id: Mapped[str | None] = mapped_column(ID)
    provider_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str]
    items: Mapped[list[Any]]
    instructions: Mapped[str]
    file_ids: Mapped[list[str]] = mapped_column(ARRAY(ID))
    refinement: Mapped[int]
    fee_cents: Mapped[int | None] = mapped_column(BigInteger)
    due_date: Mapped[dt.date]
    expected_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(server_default=text("'drafted'"))
    sent_at: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime | None]


class Transition(Located, TenantTable, Base):
    """One move of an order; never changed."""

    __tablename__ = "lab_order_transition"
    append_only = True
    __table_args__ = (
        ref("lab_order_id", "supply.lab_order"),
        Index("ix_lab_order_transition_lab_order_id", "tenant_id", "lab_order_id", "id"),
    )
    lab_order_id: Mapped[str] = mapped_column(ID)
    from_state: Mapped[str]
    to_state: Mapped[str]
    actor_id: Mapped[str]
    event_time: Mapped[dt.datetime]


class Shipment(Located, TenantTable, Base):
    """One parcel from the lab."""

    __tablename__ = "shipment"
    __table_args__ = (
        ref("lab_order_id", "supply.lab_order"),
        Index("ix_shipment_lab_order_id", "tenant_id", "lab_order_id", "id"),
    )
    lab_order_id: Mapped[str] = mapped_column(ID)
    carrier: Mapped[str]
    tracking_number: Mapped[str]
    shipped_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime | None]


class Discrepancy(Located, TenantTable, Base):
    """What was wrong with a delivery, and who pays for the remake."""

    __tablename__ = "discrepancy"
    __table_args__ = (
        ref("lab_order_id", "supply.lab_order"),
        CheckConstraint("credit_cents >= 0", name="credit_cents"),
        Index("ix_discrepancy_lab_order_id", "tenant_id", "lab_order_id", "id"),
    )
    lab_order_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str]
    note: Mapped[str]
    staff_id: Mapped[str] = mapped_column(ID)
    reported_at: Mapped[dt.datetime]
    remake_payer: Mapped[str] = mapped_column(server_default=text("''"))
    credit_cents: Mapped[int | None] = mapped_column(BigInteger)
