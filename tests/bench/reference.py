"""The reference: the monolith one would write first, plain FastAPI and SQLAlchemy's ORM, with nothing around it.

The same table, indexes, validation and answers as our leads; an outbox row in the write's transaction; asyncpg,
uvloop and httptools underneath, a pool that never waits, no access log. No authentication, no row-level security,
no audit, no idempotency, no telemetry. `python -m tests.bench.reference DSN PORT` serves it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

OPEN = ("new", "contacted")
TENANT = uuid.UUID(int=1)


class Base(DeclarativeBase):
    type_annotation_map = {str: Text, dt.datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


class Lead(Base):
    __tablename__ = "lead"
    __table_args__ = (
        Index("ix_lead_next_step_due", "tenant_id", "next_step_due", "id"),
        Index("ix_lead_phone_key", "tenant_id", "phone_key", postgresql_where=text("phone_key <> ''")),
        Index("ix_lead_email_key", "tenant_id", "email_key", postgresql_where=text("email_key <> ''")),
    )
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))
    location_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(server_default=text("'new'"))
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str]
    phone_key: Mapped[str]
    email_key: Mapped[str]
    patient_first_name: Mapped[str]
    patient_birth_date: Mapped[dt.date | None]
    language: Mapped[str]
    note: Mapped[str]
    source: Mapped[str]
    source_detail: Mapped[str]
    partner_id: Mapped[uuid.UUID | None]
    owner_id: Mapped[uuid.UUID]
    next_step: Mapped[str]
    next_step_due: Mapped[dt.date]
    lost_reason: Mapped[str] = mapped_column(server_default=text("''"))
    patient_id: Mapped[uuid.UUID | None]
    case_id: Mapped[uuid.UUID | None]
    contacted_at: Mapped[dt.datetime | None]

    @property
    def contact(self) -> Lead:
        """The columns of what the family told."""
        return self


class Outbox(Base):
    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[uuid.UUID] = mapped_column(server_default=text("uuidv7()"))
    key: Mapped[str]
    type: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"))


class Contact(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    first_name: str = Field(min_length=1, max_length=100)
    last_name: str = Field(min_length=1, max_length=100)
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=254)
    patient_first_name: str = Field("", max_length=100)
    patient_birth_date: dt.date | None = None
    language: str = Field("", max_length=35)
    note: str = Field("", max_length=4000)


class CreateLead(BaseModel):
    location_id: uuid.UUID
    contact: Contact
    source: Literal["referral_dentist", "referral_patient", "web", "phone", "walk_in", "school_event", "other"]
    source_detail: str = Field("", max_length=200)
    partner_id: uuid.UUID | None = None
    owner_id: uuid.UUID
    next_step: str = Field("Call the family", max_length=200)
    next_step_due: dt.date | None = None


class LeadOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    location_id: uuid.UUID
    state: str
    contact: Contact
    source: str
    source_detail: str
    partner_id: uuid.UUID | None
    owner_id: uuid.UUID
    next_step: str
    next_step_due: dt.date
    lost_reason: str
    patient_id: uuid.UUID | None
    case_id: uuid.UUID | None
    contacted_at: dt.datetime | None
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime


class Leads(BaseModel):
    leads: list[LeadOut]
    next_page_token: str


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


def create_app(dsn: str) -> FastAPI:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=16)
    app = FastAPI()
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)

    @app.get("/leads/{lead_id}", response_model=LeadOut)
    async def get_lead(lead_id: uuid.UUID, session: Session) -> Any:
        lead = await session.get(Lead, (TENANT, lead_id))
        if lead is None:
            raise HTTPException(404, "no such lead")
        return lead

    @app.get("/leads", response_model=Leads)
    async def list_leads(session: Session, page_size: Annotated[int, Query(ge=1, le=200)] = 50) -> Any:
        query = (
            select(Lead)
            .where(Lead.tenant_id == TENANT, Lead.state.in_(OPEN))
            .order_by(Lead.next_step_due, Lead.id)
            .limit(page_size + 1)
        )
        found = (await session.scalars(query)).all()
        token = str(found[page_size - 1].id) if len(found) > page_size else ""
        return {"leads": found[:page_size], "next_page_token": token}

    @app.post("/leads", response_model=LeadOut, status_code=201)
    async def create_lead(body: CreateLead, session: Session) -> Any:
        contact = body.contact
        lead = Lead(
            tenant_id=TENANT,
            **body.model_dump(exclude={"contact", "next_step_due"}),
            **contact.model_dump(),
            phone_key=re.sub(r"[^0-9]", "", contact.phone)[-10:],
            email_key=contact.email.strip().lower(),
            next_step_due=body.next_step_due or dt.datetime.now(dt.UTC).date(),
        )
        session.add(lead)
        await session.flush()
        payload = f'{{"lead_id":"{lead.id}","location_id":"{lead.location_id}","source":"{lead.source}"}}'
        session.add(Outbox(key=str(TENANT), type="LeadCreated", payload=payload.encode(), headers={"actor": "nobody"}))
        await session.commit()
        return lead

    return app


async def create_tables(dsn: str) -> None:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()


if __name__ == "__main__":
    config = uvicorn.Config(
        create_app(sys.argv[1]),
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
