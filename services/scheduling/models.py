"""Tables of scheduling. Times of visits, shifts and claims are slots of five minutes since the epoch (domain.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Identity,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT4RANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from services.scheduling.visits.domain import CHANGES, STATES
from shared.db import Located, LocatedMany, TenantTable, Versioned, new_base, ref

Base: Any = new_base("scheduling")
ID = Uuid(as_uuid=False)


def one_of(column: str, *values: str) -> CheckConstraint:
    """The rule that a text column holds one of the values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Location(Located, Versioned, TenantTable, Base):
    """What scheduling keeps of a directory location; `id` and `location_id` are both its id there."""

    __tablename__ = "location"
    __table_args__ = (CheckConstraint("id = location_id", name="id"),)
    time_zone: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    directory_version: Mapped[int]
    hours: Mapped[list[Any]]  # [{weekday, opens_minute, closes_minute}]
    assistants: Mapped[int] = mapped_column(server_default=text("0"))  # 0: one for each chair


class Closure(Located, Versioned, TenantTable, Base):
    """A day on which a location is closed."""

    __tablename__ = "closure"
    __table_args__ = (
        ref("location_id", "scheduling.location"),
        UniqueConstraint("tenant_id", "location_id", "day", name="uq_closure_day"),
    )
    day: Mapped[dt.date]
    reason: Mapped[str]


class Resource(TenantTable, Base):
    """The small number of whatever a visit takes: a chair, a lane (half-unit) of a doctor, a patient.

    A doctor's lanes from OVERFLOW_LANE on hold what somebody accepted although the doctor was taken.
    """

    __tablename__ = "resource"
    __table_args__ = (
        one_of("kind", "chair", "doctor", "patient"),
        UniqueConstraint("tenant_id", "owner_id", "lane", name="uq_resource_owner"),
    )
    number: Mapped[int] = mapped_column(Integer, Identity(), unique=True)
    kind: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ID)
    lane: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class Chair(Located, Versioned, TenantTable, Base):
    """A place where one patient is treated at a time."""

    __tablename__ = "chair"
    __table_args__ = (
        ref("location_id", "scheduling.location"),
        one_of("kind", "chair", "consult_room", "records_room", "virtual"),
        UniqueConstraint("tenant_id", "location_id", "name", name="uq_chair_name"),
    )
    name: Mapped[str]
    kind: Mapped[str]
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class Provider(LocatedMany, Versioned, TenantTable, Base):
    """A doctor; `id` is the staff id. `capacity` short checks fit into the same five minutes."""

    __tablename__ = "provider"
    __table_args__ = (CheckConstraint("capacity BETWEEN 1 AND 4", name="capacity"),)
    capacity: Mapped[int] = mapped_column(SmallInteger)
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class Shift(Located, TenantTable, Base):
    """The presence of a doctor at a location on a day. A doctor is in one place at a time."""

    __tablename__ = "shift"
    __table_args__ = (
        ref("location_id", "scheduling.location"),
        ref("provider_id", "scheduling.provider"),
        Index("ix_shift_location_day", "tenant_id", "location_id", "day"),
        ExcludeConstraint(
            ("tenant_id", "="), ("provider_id", "="), ("slots", "&&"), name="one_place_at_a_time", using="gist"
        ),
    )
    provider_id: Mapped[str] = mapped_column(ID)
    day: Mapped[dt.date]
    slots: Mapped[Range[int]] = mapped_column(INT4RANGE)


class AppointmentType(Versioned, TenantTable, Base):
    """A kind of visit. Appointments keep the pattern with which they were booked."""

    __tablename__ = "appointment_type"
    __table_args__ = (UniqueConstraint("tenant_id", "code", name="uq_appointment_type_code"),)
    code: Mapped[str]
    name: Mapped[str]
    visit_class: Mapped[str]
    pattern: Mapped[str]
    windows: Mapped[list[Any]]  # [{weekdays, from_minute, to_minute}]; none: always
    chair_kinds: Mapped[list[str]]  # none: any
    online: Mapped[bool]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class DayTemplate(Located, Versioned, TenantTable, Base):
    """A plan of a day."""

    __tablename__ = "day_template"
    __table_args__ = (
        ref("location_id", "scheduling.location"),
        UniqueConstraint("tenant_id", "location_id", "name", name="uq_day_template_name"),
    )
    name: Mapped[str]


class TemplateSlot(Located, TenantTable, Base):
    """A piece of a template: a chair kept for a class of visits until `release_days` before the day."""

    __tablename__ = "template_slot"
    __table_args__ = (
        ref("template_id", "scheduling.day_template", ondelete="CASCADE"),
        ref("chair_id", "scheduling.chair"),
        Index("ix_template_slot_template", "tenant_id", "template_id"),
    )
    template_id: Mapped[str] = mapped_column(ID)
    chair_id: Mapped[str] = mapped_column(ID)
    start_minute: Mapped[int]
    duration_minutes: Mapped[int]
    visit_class: Mapped[str]
    release_days: Mapped[int]


class TemplateDay(Located, TenantTable, Base):
    """A day that follows a template."""

    __tablename__ = "template_day"
    __table_args__ = (
        ref("template_id", "scheduling.day_template", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "location_id", "day", name="uq_template_day"),
    )
    day: Mapped[dt.date]
    template_id: Mapped[str] = mapped_column(ID)


class Appointment(Located, Versioned, TenantTable, Base):
    """A visit. `day` and `start_minute` say what was meant on the wall clock, `start_slot` what that is in time."""

    __tablename__ = "appointment"
    __table_args__ = (
        ref("location_id", "scheduling.location"),
        ref("chair_id", "scheduling.chair"),
        ref("provider_id", "scheduling.provider"),
        ref("appointment_type_id", "scheduling.appointment_type"),
        one_of("state", *STATES),
        Index("ix_appointment_day", "tenant_id", "location_id", "day", "start_slot", "id"),
        Index("ix_appointment_patient", "tenant_id", "patient_id", "start_slot", "id"),
        Index("ix_appointment_provider", "tenant_id", "provider_id", "day"),
    )
    patient_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    appointment_type_id: Mapped[str] = mapped_column(ID)
    type_code: Mapped[str]
    type_version: Mapped[int]
    visit_class: Mapped[str]
    pattern: Mapped[str]
    day: Mapped[dt.date]
    start_minute: Mapped[int] = mapped_column(SmallInteger)
    start_slot: Mapped[int]
    units: Mapped[int] = mapped_column(SmallInteger, Computed("length(pattern)", persisted=True))
    chair_id: Mapped[str] = mapped_column(ID)
    provider_id: Mapped[str | None] = mapped_column(ID)
    state: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    hold_expire_time: Mapped[dt.datetime | None]
    confirm_time: Mapped[dt.datetime | None]
    arrive_time: Mapped[dt.datetime | None]
    seat_time: Mapped[dt.datetime | None]
    call_time: Mapped[dt.datetime | None]
    doctor_in_time: Mapped[dt.datetime | None]
    dismiss_time: Mapped[dt.datetime | None]
    check_out_time: Mapped[dt.datetime | None]
    cancel_time: Mapped[dt.datetime | None]
    cancel_reason: Mapped[str | None]
    canceled_by: Mapped[str | None]
    doctor_overlap: Mapped[bool] = mapped_column(server_default=text("false"))


class AppointmentChange(Located, TenantTable, Base):
    """What was done to an appointment, and how it stood before: the history that people read and take back."""

    __tablename__ = "appointment_change"
    __table_args__ = (
        ref("appointment_id", "scheduling.appointment", ondelete="CASCADE"),
        one_of("kind", *CHANGES),
        Index("ix_appointment_change_appointment", "tenant_id", "appointment_id", "version"),
    )
    appointment_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str]
    version: Mapped[int]  # of the appointment, made by this change
    before: Mapped[dict[str, Any]]  # the columns that a change may touch
    staff_id: Mapped[str | None] = mapped_column(ID)
    changed_at: Mapped[dt.datetime]
    taken_back: Mapped[bool] = mapped_column(server_default=text("false"))


class ResourceClaim(Located, TenantTable, Base):
    """What a visit takes and when: its chair, its patient, and doctor's lanes. Deleted when the visit is over.

    One exclusion constraint makes double booking impossible. Its expression joins resource and slots to one number
    line: no extension, and the fastest form under contention. Insert with ON CONFLICT DO NOTHING only: plain inserts
    into exclusion constraints can deadlock. Resource numbers are unique over all groups, so it needs no tenant.
    """

    __tablename__ = "resource_claim"
    __table_args__ = (
        ref("appointment_id", "scheduling.appointment", ondelete="CASCADE"),
        CheckConstraint("NOT isempty(slots) AND NOT lower_inf(slots) AND NOT upper_inf(slots)", name="slots"),
        Index("ix_resource_claim_appointment", "tenant_id", "appointment_id"),
        Index("ix_resource_claim_location", "tenant_id", "location_id", "first_slot"),
        ExcludeConstraint(
            (
                text(
                    "int8range((resource_number::int8 << 32) + lower(slots),"
                    " (resource_number::int8 << 32) + upper(slots))"
                ),
                "&&",
            ),
            name="no_overlap",
            using="gist",
        ),
    )
    appointment_id: Mapped[str] = mapped_column(ID)
    resource_number: Mapped[int]
    slots: Mapped[Range[int]] = mapped_column(INT4RANGE)
    # lower() is not leakproof: under row-level security an index on the expression would not be used.
    first_slot: Mapped[int] = mapped_column(Computed("lower(slots)", persisted=True))


class WaitlistEntry(LocatedMany, Versioned, TenantTable, Base):
    """A patient who would come earlier."""

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        ref("appointment_type_id", "scheduling.appointment_type"),
        one_of("state", "waiting", "placed", "left"),
        CheckConstraint("priority BETWEEN 1 AND 9", name="priority"),
        Index("ix_waitlist_entry_waiting", "tenant_id", "priority", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_waitlist_entry_patient", "tenant_id", "patient_id"),
    )
    patient_id: Mapped[str] = mapped_column(ID)
    case_id: Mapped[str | None] = mapped_column(ID)
    appointment_type_id: Mapped[str] = mapped_column(ID)
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    earliest_day: Mapped[dt.date]
    due_day: Mapped[dt.date | None]
    notice_minutes: Mapped[int]
    priority: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
