"""Traces, metrics and JSON logs, set by hand in three places: gateway route, server interceptor, database module.

Sampling is decided before any SDK call (5 %, parent based), so that an unsampled request pays a few attribute reads.
Nothing here takes a value from a request: names of methods, tables and routes only, never ids of people or texts.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import time
from bisect import bisect_left
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any

_tracer: Any = None
_current: ContextVar[Trace | None] = ContextVar("trace", default=None)
SAMPLE_RATE = float(os.environ.get("OTEL_TRACES_SAMPLER_ARG", "0.05"))


class Trace:
    """The W3C trace context of the work at hand; `span` is None unless it is sampled."""

    __slots__ = ("span", "span_id", "trace_id")

    def __init__(self, trace_id: str, span_id: str, span: Any = None) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.span = span

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.span is not None else '00'}"


def current() -> Trace | None:
    """The trace of the work at hand, if any."""
    return _current.get()


def traceparent() -> str:
    """The `traceparent` header to pass on; empty outside any trace."""
    trace = _current.get()
    return trace.traceparent if trace else ""


class root_span:
    """The span of one request, call or event. `parent` is a `traceparent` header, or empty.

    A class, not a generator: it stands around every request.
    """

    __slots__ = ("_kind", "_name", "_parent", "_token", "_trace")

    def __init__(self, name: str, parent: str = "", kind: str = "SERVER") -> None:
        self._name, self._parent, self._kind = name, parent, kind

    def __enter__(self) -> Trace:
        trace_id, span_id, sampled = _parse(self._parent) if self._parent else ("", "", False)
        outer = _current.get()
        if outer is not None and not trace_id:
            trace_id, span_id, sampled = outer.trace_id, outer.span_id, outer.span is not None
        if not trace_id:
            trace_id = f"{random.getrandbits(128):032x}"
            sampled = random.random() < SAMPLE_RATE  # noqa: S311
        if sampled and _tracer is not None:
            span = _start(self._name, trace_id, span_id, self._kind)
            found = span.get_span_context()
            self._trace = Trace(f"{found.trace_id:032x}", f"{found.span_id:016x}", span)
        else:
            self._trace = Trace(trace_id, f"{random.getrandbits(64):016x}")
        self._token = _current.set(self._trace)
        return self._trace

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: Any) -> None:
        _current.reset(self._token)
        if (span := self._trace.span) is not None:
            if error is not None:
                span.set_attribute("error.type", type(error).__name__)
            span.end()


_NOTHING = nullcontext()


def statement_span(name: str) -> Any:
    """A span around one SQL statement when the work at hand is sampled; otherwise nothing at all."""
    trace = _current.get()
    if trace is None or trace.span is None:
        return _NOTHING
    return root_span(name, kind="CLIENT")


def _parse(header: str) -> tuple[str, str, bool]:
    parts = header.split("-")
    if len(parts) != 4 or len(parts[1]) != 32 or len(parts[2]) != 16:
        return "", "", False
    try:
        int(parts[1], 16), int(parts[2], 16)
        return parts[1], parts[2], bool(int(parts[3], 16) & 1)
    except ValueError:
        return "", "", False


def _start(name: str, trace_id: str, span_id: str, kind: str) -> Any:
    from opentelemetry import trace as api

    context = None
    if span_id:
        remote = api.SpanContext(int(trace_id, 16), int(span_id, 16), True, api.TraceFlags(1))
        context = api.set_span_in_context(api.NonRecordingSpan(remote))
    return _tracer.start_span(name, context=context, kind=getattr(api.SpanKind, kind))


class Durations:
    """Counts and durations per name in fixed buckets; read by the metrics endpoint and by OTLP when configured."""

    BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

    def __init__(self) -> None:
        self.histogram: Any = None  # OpenTelemetry's, when metrics are exported
        self.counts: dict[tuple[str, str], list[int]] = {}
        self.sums: dict[tuple[str, str], float] = {}

    def record(self, name: str, outcome: str, seconds: float) -> None:
        key = (name, outcome)
        counts = self.counts.get(key)
        if counts is None:
            counts = self.counts[key] = [0] * (len(self.BUCKETS_S) + 1)
            self.sums[key] = 0.0
        counts[bisect_left(self.BUCKETS_S, seconds)] += 1
        self.sums[key] += seconds
        if self.histogram is not None:
            self.histogram.record(seconds, {"method": name, "outcome": outcome})


CALLS = Durations()
GAUGES: dict[str, float] = {}  # last known values: outbox age, consumer lag, by "name{service}"


def prometheus() -> str:
    """The metrics in Prometheus' text format."""
    lines = ["# TYPE archwire_call_seconds histogram"]
    for (name, outcome), counts in sorted(CALLS.counts.items()):
        labels, total = f'method="{name}",outcome="{outcome}"', 0
        for bound, count in zip((*Durations.BUCKETS_S, "+Inf"), counts, strict=True):
            total += count
            lines.append(f'archwire_call_seconds_bucket{{{labels},le="{bound}"}} {total}')
        lines.append(f"archwire_call_seconds_sum{{{labels}}} {CALLS.sums[(name, outcome)]:.6f}")
        lines.append(f"archwire_call_seconds_count{{{labels}}} {total}")
    lines += [f"{name} {value}" for name, value in sorted(GAUGES.items())]
    return "\n".join(lines) + "\n"


class JsonLines(logging.Formatter):
    """One JSON object a line. Only the message template's own arguments and `extra` fields named here get in."""

    FIELDS = (
        "service",
        "method",
        "route",
        "status",
        "outcome",
        "duration_ms",
        "reason",
        "topic",
        "count",
        "job",
        "event_type",
    )

    def format(self, record: logging.LogRecord) -> str:
        trace = _current.get()
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for field in self.FIELDS:
            if (value := getattr(record, field, None)) is not None:
                entry[field] = value
        if trace is not None:
            entry["trace_id"] = trace.trace_id
        if record.exc_info and record.exc_info[0] is not None:
            # The type and place of an error, never its text: texts of libraries can hold values of a request.
            frames, traceback = [], record.exc_info[2]
            while traceback is not None:
                frames.append(f"{traceback.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{traceback.tb_lineno}")
                traceback = traceback.tb_next
            entry["error"] = {"type": record.exc_info[0].__name__, "at": frames[-6:]}
        return json.dumps(entry, default=str)


def setup(service: str, *, level: str = "INFO", stream: Any = None) -> None:
    """Starts JSON logs and, when OTEL_EXPORTER_OTLP_ENDPOINT is set, the export of traces and metrics. Called once."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("kafka", "asyncio", "httpx", "alembic", "sqlalchemy.engine"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        export_to(BatchSpanProcessor(OTLPSpanExporter()), service)
        measure_to(PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=15_000), service)


def export_to(processor: Any, service: str) -> None:
    """Sends sampled spans to an OpenTelemetry span processor."""
    global _tracer
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource.create({"service.name": f"archwire-{service}"}))
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("archwire")


def measure_to(reader: Any, service: str) -> None:
    """Gives the durations of calls and the gauges (outbox age, consumer lag) to an OpenTelemetry metric reader."""
    from opentelemetry.metrics import Observation
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource

    meter = MeterProvider([reader], Resource.create({"service.name": f"archwire-{service}"})).get_meter("archwire")
    CALLS.histogram = meter.create_histogram(
        "archwire.call.duration", unit="s", explicit_bucket_boundaries_advisory=Durations.BUCKETS_S
    )
    meter.create_observable_gauge(
        "archwire.queue",
        callbacks=[lambda _options: [Observation(value, {"name": name}) for name, value in GAUGES.items()]],
    )
