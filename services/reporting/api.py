"""Methods of ReportingService."""

from __future__ import annotations

import datetime as dt

from archwire.reporting.v1 import reporting_pb2 as pb
from archwire.reporting.v1.reporting_pb2_grpc import ReportingServiceServicer

from services.reporting import domain, queries
from shared.call import Call
from shared.errors import Invalid, NotFound
from shared.paging import page
from shared.proto import enum_value, from_date, timestamp, to_proto

LONGEST_DAYS = 1_100


class Reporting(ReportingServiceServicer):
    """Metrics over projections of everybody's events."""

    async def ListMetrics(self, request: pb.ListMetricsRequest, call: Call) -> pb.ListMetricsResponse:
        return pb.ListMetricsResponse(metrics=[_metric(metric) for metric in domain.REGISTRY.values()])

    async def GetMetric(self, request: pb.GetMetricRequest, call: Call) -> pb.GetMetricResponse:
        metric = _find(request.metric)
        first, last = _period(request.from_date, request.to_date)
        groups: list[domain.Group] = []
        sides = [side for side in (metric.numerator, metric.denominator) if side]
        for by_cohort in {side.by_cohort for side in sides}:
            kinds = sorted({kind for side in sides if side.by_cohort == by_cohort for kind in side.kinds})
            rows = await queries.totals(call.db, kinds, first, last, request.location_id or None, by_cohort=by_cohort)
            groups += [domain.Group(r.location_id, r.kind, r.variant, by_cohort, r.facts, int(r.cents)) for r in rows]
        locations = sorted({group.location_id for group in groups})
        return pb.GetMetricResponse(
            metric=_metric(metric),
            total=_value(metric, groups, request.location_id),
            by_location=[
                _value(metric, [g for g in groups if g.location_id == location], location) for location in locations
            ],
            as_of_time=timestamp(call.now),
        )

    async def ListMetricRows(self, request: pb.ListMetricRowsRequest, call: Call) -> pb.ListMetricRowsResponse:
        metric = _find(request.metric)
        side = metric.numerator if request.part == pb.PART_NUMERATOR else metric.denominator
        if side is None:
            raise Invalid("NO_DENOMINATOR", "this metric is a plain count", field="part")
        first, last = _period(request.from_date, request.to_date)
        rows, token = await page(
            call.db,
            queries.COHORT_ROWS if side.by_cohort else queries.ROWS,
            request,
            key=("date", "id"),
            kinds=list(side.kinds),
            without=list(side.without_variants),
            first=first,
            last=last,
            location_id=request.location_id or None,
        )
        return pb.ListMetricRowsResponse(rows=[to_proto(pb.MetricRow, row) for row in rows], next_page_token=token)


def _find(key: str) -> domain.Metric:
    if key not in domain.REGISTRY:
        raise NotFound("METRIC_NOT_FOUND", "there is no such metric", field="metric")
    return domain.REGISTRY[key]


def _period(first: str, last: str) -> tuple[dt.date, dt.date]:
    begin, end = from_date(first, "from_date"), from_date(last, "to_date")
    if not begin <= end <= begin + dt.timedelta(days=LONGEST_DAYS):
        raise Invalid(
            "BAD_PERIOD",
            f"the period ends on or after its first day, at most {LONGEST_DAYS} days later",
            field="to_date",
        )
    return begin, end


def _metric(metric: domain.Metric) -> pb.Metric:
    return pb.Metric(
        key=metric.key,
        name=metric.name,
        formula=metric.formula,
        caution=metric.caution,
        unit=enum_value(pb.Unit, metric.unit),
        definition_version=metric.definition_version,
        higher_is_better=metric.higher_is_better,
        source=metric.source,
    )


def _value(metric: domain.Metric, groups: list[domain.Group], location_id: str) -> pb.MetricValue:
    numerator = domain.measure(metric.numerator, groups)
    denominator = domain.measure(metric.denominator, groups) if metric.denominator else 1
    return pb.MetricValue(
        location_id=location_id,
        numerator=numerator,
        denominator=denominator,
        value=domain.value(metric.unit, numerator, denominator),
    )
