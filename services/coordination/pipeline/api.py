"""Methods of the pipeline: the board, its search, moves by hand, and the report of what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from archwire.coordination.v1 import coordination_pb2 as pb
from archwire.directory.v1.patients_pb2 import SearchPatientsRequest

from services.coordination.cases.api import case_message, locked
from services.coordination.cases.moves import plan_case, remember
from services.coordination.cases.queries import COMING_VISIT
from services.coordination.domain import calendar_day
from services.coordination.leads.domain import phone_key
from services.coordination.pipeline import domain, queries
from services.coordination.queries import local_day
from services.coordination.tasks.queries import cancel_follow_ups
from services.coordination.tasks.saved import close_tasks, start_follow_up
from shared.call import Call
from shared.db import Row
from shared.errors import Invalid
from shared.paging import page
from shared.proto import enum_name, enum_value, money, to_proto

CARDS_OF_COLUMN = 30


class Pipeline:
    """Everybody who may still start, and what keeps them."""

    async def GetPipeline(self, request: pb.GetPipelineRequest, call: Call) -> pb.GetPipelineResponse:
        only = enum_name(pb.PipelineStage, request.stage)
        if request.page_token and not only:
            raise Invalid("STAGE_REQUIRED", "a page token continues one column: name it", field="stage")
        filters = {
            "location_id": request.location_id or None,
            "owner_id": request.owner_id or None,
            "source": enum_name(pb.LeadSource, request.source),
            "blocker": enum_name(pb.Blocker, request.blocker),
            "unblocked": request.unblocked,
            **await board_days(call, request.location_id),
        }
        sums = {row.stage: row for row in await call.db.all(queries.COLUMNS, stage=only, **filters)}
        asked = pb.GetPipelineRequest(page_size=request.page_size or CARDS_OF_COLUMN, page_token=request.page_token)
        columns = []
        for stage in [only] if only else domain.STAGES:
            rows, token = [], ""
            if stage in sums:
                rows, token = await page(
                    call.db, queries.CARDS, asked, key=("next_step_due", "id"), stage=stage, **filters
                )
            columns.append(column_message(stage, sums.get(stage), [card_message(row, call.now) for row in rows], token))
        return pb.GetPipelineResponse(columns=columns)

    async def SearchPipeline(self, request: pb.SearchPipelineRequest, call: Call) -> pb.SearchPipelineResponse:
        asked = SearchPatientsRequest(query=request.query, page_size=50, location_id=request.location_id)
        found = await call.directory.SearchPatients(asked)
        phone = phone_key(request.query)
        rows = await call.db.all(
            queries.FOUND,
            patient_ids=[patient.id for patient in found.patients],
            pattern=domain.pattern(request.query),
            phone=phone if len(phone) >= domain.PHONE_DIGITS else "",
            location_id=request.location_id or None,
            **await board_days(call, request.location_id),
        )
        return pb.SearchPipelineResponse(cards=[card_message(row, call.now) for row in rows])

    async def MoveCard(self, request: pb.MoveCardRequest, call: Call) -> pb.MoveCardResponse:
        row = before = await locked(call, request)
        prepared = await call.db.one(queries.PREPARED, case_id=row.id)
        visit = await call.db.first(COMING_VISIT, case_id=row.id, now=call.now)
        card = domain.Card(
            row.state,
            row.stage,
            row.blocker,
            prepared=prepared.prepared > 0,
            sent=prepared.sent > 0,
            booked=visit is not None,
        )
        move = domain.move_by_hand(
            card, enum_name(pb.PipelineStage, request.stage), enum_name(pb.Blocker, request.blocker)
        )
        changes: dict[str, Any] = {"blocker": move.blocker}
        if move.presented and row.presented_at is None:  # shown in the office: it is followed up as what was sent
            row = await start_follow_up(call, row, prepared.latest_id)
            await close_tasks(call, row.id, "present_options")
        elif not move.presented and row.presented_at is not None:
            await cancel_follow_ups(call.db, row.id)
            changes |= {"presented_at": None, "next_step": "", "next_step_due": None}
        moved = await plan_case(call, row, **changes)
        if (moved.presented_at is None) != (before.presented_at is None):
            await remember(call, moved, moved.state, "presented" if move.presented else "presentation_taken_back", "")
        return pb.MoveCardResponse(case=case_message(moved))

    async def GetPipelineConversion(
        self, request: pb.GetPipelineConversionRequest, call: Call
    ) -> pb.GetPipelineConversionResponse:
        first, last = (calendar_day(getattr(request, name), name) for name in ("recommended_from", "recommended_to"))
        if last < first:
            raise Invalid("BAD_PERIOD", "the last day is before the first", field="recommended_to")
        rows = await call.db.all(
            queries.CONVERSION,
            first_day=first,
            last_day=last,
            location_id=request.location_id or None,
            only_owner_id=request.owner_id or None,
            only_source=enum_name(pb.LeadSource, request.source),
        )
        of = {which: [conversion_message(row) for row in rows if row["of"] == which] for which in queries.GROUPINGS}
        return pb.GetPipelineConversionResponse(
            total=of[queries.TOTAL][0],
            by_blocker=of[queries.BY_BLOCKER],
            by_source=of[queries.BY_SOURCE],
            by_owner=of[queries.BY_OWNER],
        )


async def board_days(call: Call, location_id: str) -> dict[str, Any]:
    """The times that the board's statements need."""
    today = await local_day(call, location_id or None)
    return {"now": call.now, "started_since": today - timedelta(days=domain.STARTED_FOR_DAYS)}


def card_message(row: Row, now: datetime) -> pb.PipelineCard:
    """A card as the API shows it."""
    days = domain.days_in(row.stage_time, now)
    return to_proto(pb.PipelineCard, row, days_in_stage=days, aged=domain.aged(row.stage, days))


def column_message(stage: str, sums: Row | None, cards: list[pb.PipelineCard], token: str) -> pb.PipelineColumn:
    """A column as the API shows it; without sums it is empty."""
    return pb.PipelineColumn(
        stage=enum_value(pb.PipelineStage, stage),
        count=sums["count"] if sums else 0,
        value=money(sums.value_cents if sums else 0),
        aged_count=sums.aged_count if sums else 0,
        overdue_count=sums.overdue_count if sums else 0,
        aged_after_days=domain.AGED_AFTER_DAYS[stage],
        cards=cards,
        next_page_token=token,
    )


def conversion_message(row: Row) -> pb.PipelineConversion:
    """A row of the report."""
    return to_proto(
        pb.PipelineConversion,
        row,
        rate_basis_points=domain.rate_basis_points(row.started_count, row.recommended_count),
    )
