"""A request's way through the gateway, and every way in which it may end."""

from __future__ import annotations

import gzip
import json
import logging
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.app import create_app
from gateway.limits import Limits
from gateway.routes import APIS
from gateway.screens import SCREENS
from gateway.tests.conftest import LINK, LOCATION, PASSWORD, TENANT, USER, UUID
from gateway.tests.example import example_api, message
from shared import storage
from shared.errors import Conflict, Denied, Invalid, NotFound, Unavailable

BOOK = {"patient_id": UUID, "duration_minutes": 30, "kind": "exam", "state": "booked", "tags": ["ab"]}


def keyed(**headers: str) -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4()), **headers}


def problem(answer: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert told["reason"] == reason
    assert told["status"] == status
    assert told["type"] == f"urn:archwire:problem:{reason.lower()}"
    assert set(told) == {"type", "title", "status", "reason", "detail", "field", "errors", "details", "trace_id"}
    return told


# --- the good way -------------------------------------------------------------------------------------------------


async def test_a_body_becomes_a_request_and_the_reply_becomes_json(staff: httpx.AsyncClient, node: Any) -> None:
    node.example.answer = lambda rpc, request: message("BookVisitResponse")(
        visit={"id": "v1", "version": 3, "state": 1}
    )
    key = str(uuid4())
    answer = await staff.post("/v1/visits", json=BOOK, headers={"Idempotency-Key": key})
    assert answer.status_code == 201
    assert answer.json()["visit"]["state"] == "booked"
    assert answer.headers["etag"] == '"3"'
    assert answer.headers["cache-control"] == "no-store"
    [request] = node.example.requests
    assert (request.request_id, request.patient_id, request.duration_minutes) == (key, UUID, 30)


async def test_the_internal_token_says_who_and_where(staff: httpx.AsyncClient, node: Any) -> None:
    await staff.get(f"/v1/visits/{UUID}")
    actor = node.signer.verify(node.example.tokens[0], "example")
    assert (actor.tenant_id, actor.user_id, actor.kind, actor.ip) == (TENANT, USER, "user", "127.0.0.1")
    assert dict(actor.grants) == {"treatment_coordinator": (LOCATION,)}


async def test_path_and_query_become_fields(staff: httpx.AsyncClient, node: Any) -> None:
    await staff.get(f"/v1/visits/{UUID}")
    await staff.get("/v1/visits", params={"states": ["booked", "seen_by_doctor"], "page_size": 5, "confirmed": "true"})
    one, many = node.example.requests
    assert one.visit_id == UUID
    assert (list(many.states), many.page_size, many.confirmed) == ([1, 2], 5, True)


async def test_a_delete_answers_204_without_a_body(staff: httpx.AsyncClient, node: Any) -> None:
    answer = await staff.delete(f"/v1/visits/{UUID}", headers=keyed())
    assert (answer.status_code, answer.content) == (204, b"")


async def test_if_match_is_the_version(staff: httpx.AsyncClient, node: Any) -> None:
    for header in ('"3"', "3", 'W/"3"'):
        answer = await staff.patch(f"/v1/visits/{UUID}", json={}, headers=keyed(**{"If-Match": header}))
        assert answer.status_code == 200
    assert [r.version for r in node.example.requests] == [3, 3, 3]
    answer = await staff.patch(f"/v1/visits/{UUID}", json={"version": 4}, headers=keyed())
    assert node.example.requests[-1].version == 4
    problem(await staff.patch(f"/v1/visits/{UUID}", json={}, headers=keyed()), 422, "IF_MATCH_REQUIRED")
    for tag in ("*", "0", '"x"', '"3", "4"'):
        bad = await staff.patch(f"/v1/visits/{UUID}", json={}, headers=keyed(**{"If-Match": tag}))
        problem(bad, 422, "BAD_IF_MATCH")
    both = await staff.patch(f"/v1/visits/{UUID}", json={"version": 4}, headers=keyed(**{"If-Match": "3"}))
    problem(both, 422, "IF_MATCH_DIFFERS")


async def test_a_change_needs_one_idempotency_key(staff: httpx.AsyncClient, node: Any) -> None:
    told = problem(await staff.post("/v1/visits", json=BOOK), 422, "IDEMPOTENCY_KEY_REQUIRED")
    assert told["field"] == "Idempotency-Key"
    problem(await staff.post("/v1/visits", json=BOOK, headers={"Idempotency-Key": "1"}), 422, "BAD_IDEMPOTENCY_KEY")
    key = str(uuid4())
    problem(
        await staff.post("/v1/visits", json={**BOOK, "request_id": key}, headers=keyed()),
        422,
        "IDEMPOTENCY_KEY_DIFFERS",
    )
    assert (await staff.post("/v1/visits", json={**BOOK, "request_id": key})).status_code == 201
    assert [r.request_id for r in node.example.requests] == [key]


async def test_who_may_not_is_refused_by_the_service_which_audits_it(staff: httpx.AsyncClient, node: Any) -> None:
    node.example.answer = lambda rpc, request: Denied("PERMISSION_DENIED", "your role may not do this")
    problem(await staff.delete("/v1/visits/not-even-an-id"), 403, "PERMISSION_DENIED")
    assert node.example.requests == [message("DeleteVisitRequest")()]


# --- the others ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (Invalid("INVALID_FIELD", "bad", field="kind", rule="string.in", errors=[{"field": "kind"}]), 422, {}),
        (NotFound("VISIT_NOT_FOUND", "no such visit"), 404, {}),
        (Denied("PERMISSION_DENIED", "no"), 403, {}),
        (Conflict("CHAIR_TAKEN", "taken", chair_id="c"), 409, {}),
        (Conflict("STALE_VERSION", "changed"), 412, {}),
        (Unavailable("IN_FLIGHT", "again"), 503, {"retry-after": "1"}),
        (RuntimeError("patient Ann Lee"), 500, {}),
    ],
)
async def test_each_error_of_a_service_has_its_problem(
    staff: httpx.AsyncClient, node: Any, error: Exception, status: int, headers: dict[str, str]
) -> None:
    node.example.answer = lambda rpc, request: error
    answer = await staff.get(f"/v1/visits/{UUID}")
    told = problem(answer, status, getattr(error, "reason", "INTERNAL"))
    assert "Ann" not in answer.text
    assert told["field"] == getattr(error, "field", None)
    for name, value in headers.items():
        assert answer.headers[name] == value
    if status == 422:
        assert told["errors"] == [{"field": "kind"}]
        assert told["details"] == {"rule": "string.in"}
    if status == 409:
        assert told["details"] == {"chair_id": "c"}


async def test_what_http_itself_refuses_is_a_problem_too(staff: httpx.AsyncClient) -> None:
    json_type = {"Content-Type": "application/json"}
    problem(await staff.get("/v1/nothing"), 404, "NOT_FOUND")
    wrong_verb = await staff.put("/v1/visits", json={})
    problem(wrong_verb, 405, "METHOD_NOT_ALLOWED")
    assert wrong_verb.headers["allow"] == "GET, POST"
    problem(await staff.post("/v1/visits", content=b"{", headers=keyed(**json_type)), 400, "MALFORMED_JSON")
    problem(await staff.post("/v1/session", content=b"{", headers=json_type), 400, "MALFORMED_JSON")
    form = keyed(**{"Content-Type": "text/plain"})
    problem(await staff.post("/v1/visits", content=b"{}", headers=form), 415, "UNSUPPORTED_MEDIA_TYPE")
    problem(await staff.post("/v1/visits", json=[], headers=keyed()), 422, "WRONG_TYPE")
    problem(await staff.post("/v1/visits?x=1", json=BOOK, headers=keyed()), 422, "UNKNOWN_FIELD")
    problem(await staff.get("/v1/visits?color=red"), 422, "UNKNOWN_FIELD")
    problem(await staff.get("/v1/visits/%00"), 422, "BAD_TEXT")


@pytest.mark.T("T10")
async def test_what_the_server_sets_is_refused_in_a_body(staff: httpx.AsyncClient, node: Any) -> None:
    for extra in ({"tenant_id": TENANT}, {"visit": {"version": 2}}, {"visit": {"id": UUID}}):
        answer = await staff.post("/v1/visits", json={**BOOK, **extra}, headers=keyed())
        assert answer.status_code == 422, answer.text
    answer = await staff.patch(f"/v1/visits/{UUID}", json={"visit_id": UUID}, headers=keyed(**{"If-Match": "1"}))
    problem(answer, 422, "UNKNOWN_FIELD")
    assert node.example.requests == []


async def test_a_body_has_a_limit_and_comes_uncompressed(staff: httpx.AsyncClient, node: Any) -> None:
    big = json.dumps({"patient_id": "x" * 2_200_000}).encode()
    json_type = keyed(**{"Content-Type": "application/json"})
    problem(await staff.post("/v1/visits", content=big, headers=json_type), 413, "BODY_TOO_LARGE")

    async def without_length() -> Any:
        for at in range(0, len(big), 65536):
            yield big[at : at + 65536]

    problem(await staff.post("/v1/visits", content=without_length(), headers=json_type), 413, "BODY_TOO_LARGE")
    problem(await staff.post("/v1/session", content=without_length(), headers=json_type), 413, "BODY_TOO_LARGE")
    zipped = await staff.post(
        "/v1/visits", content=gzip.compress(b"{}"), headers={**json_type, "Content-Encoding": "gzip"}
    )
    problem(zipped, 415, "UNSUPPORTED_ENCODING")
    assert node.example.requests == []


@pytest.mark.T("T14")
async def test_headers_by_which_proxies_name_callers_are_dropped(staff: httpx.AsyncClient, node: Any) -> None:
    forged = {
        "X-Tenant-Id": str(uuid4()),
        "X-User": "owner",
        "X-Role": "owner",
        "X-Forwarded-For": "10.0.0.1",
        "X-Locations": "*",
    }
    await staff.get(f"/v1/visits/{UUID}", headers=forged)
    actor = node.signer.verify(node.example.tokens[0], "example")
    assert (actor.tenant_id, actor.user_id, actor.ip) == (TENANT, USER, "127.0.0.1")
    assert dict(actor.grants) == {"treatment_coordinator": (LOCATION,)}


async def test_too_many_requests_are_told_when_to_come_again(node: Any) -> None:
    limits = Limits({"ARCHWIRE_LIMIT_CALLER": "3/minute", "ARCHWIRE_LIMIT_SIGN_IN_ACCOUNT": "2/minute"})
    transport = httpx.ASGITransport(create_app(node, apis=[example_api()], limits=limits))
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        link = {"Authorization": f"Link {LINK}"}
        for _ in range(3):
            assert (await client.get(f"/v1/visits/{UUID}", headers=link)).status_code == 200
        refused = await client.get(f"/v1/visits/{UUID}", headers=link)
        problem(refused, 429, "RATE_LIMITED")
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        for wait in (401, 401, 429):
            tried = await client.post("/v1/session", json={"email": "Ann@example.com", "password": "guess"})
            assert tried.status_code == wait


async def test_every_answer_has_the_security_headers(http: httpx.AsyncClient) -> None:
    for path in ("/", "/docs", "/v1/session", "/v1/nothing", "/health/live", "/assets/page.css"):
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["strict-transport-security"].startswith("max-age=")
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src 'unsafe-inline'" not in headers["content-security-policy"]
    plain = await http.get("http://gateway.test/health/live")
    assert "strict-transport-security" not in plain.headers


async def test_the_log_has_the_route_and_never_the_path(
    staff: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "archwire.http"):
        await staff.get(f"/v1/visits/{UUID}?page=1")
        await staff.get(f"/v1/nothing/{UUID}")
        await staff.get(f"/l/{LINK}")
    routes = [record.route for record in caplog.records]  # type: ignore[attr-defined]
    assert routes == ["/v1/visits/{visit_id}", "unknown", "/l/{token}"]
    assert not any(UUID in str(vars(record)) or LINK in str(vars(record)) for record in caplog.records)


async def test_the_documentation_works_offline(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("<!doctype html>", "")
    assert "<script>" not in page.text
    for path in ("/assets/swagger/swagger-ui-bundle.js", "/assets/swagger/swagger-ui.css", "/assets/docs.js"):
        assert path in page.text
        assert (await http.get(path)).status_code == 200
    document = (await http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert {"/v1/session", "/oauth/token", "/v1/events", "/v1/uploads", "/v1/visits"} <= set(document["paths"])


async def test_health_tells_the_truth_about_each_part(http: httpx.AsyncClient, node: Any) -> None:
    assert (await http.get("/health/live")).json() == {"status": "ok"}
    assert (await http.get("/health/ready")).status_code == 200
    node.parts = {"directory": "ok", "example": "CANNOT_CONNECT"}
    answer = await http.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "parts": node.parts}


async def test_an_upload_is_kept_for_the_callers_group(staff: httpx.AsyncClient, tmp_path: Any) -> None:
    answer = await staff.post("/v1/uploads", content=b"abc" * 1000, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 201
    upload = answer.json()
    assert (upload["size_bytes"], upload["content_type"]) == (3000, "image/jpeg")
    assert (tmp_path / TENANT / "uploads" / upload["upload_id"]).read_bytes() == b"abc" * 1000
    problem(await staff.post("/v1/uploads", headers={"Content-Type": "image/png"}), 422, "EMPTY_FILE")
    form = await staff.post("/v1/uploads", files={"file": b"x"})
    problem(form, 415, "UNSUPPORTED_MEDIA_TYPE")
    large = await staff.post(
        "/v1/uploads", content=b"", headers={"Content-Type": "image/png", "Content-Length": "60000000"}
    )
    problem(large, 413, "BODY_TOO_LARGE")


async def test_a_download_is_an_attachment_of_the_type_that_was_checked(staff: httpx.AsyncClient, node: Any) -> None:
    content = b"<script>" * 100_000
    stored = await storage.storage().write(TENANT, "images", content)
    reply = {"storage_key": stored.key, "content_type": "image/jpeg", "file_name": 'photo "1"\r\nX: y.jpg'}
    node.example.answer = lambda rpc, request: message("GetVisitPhotoResponse")(**reply)
    answer = await staff.get(f"/v1/visits/{UUID}/photo")
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == 'attachment; filename="photo-1-X-y.jpg"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    for key in (f"{TENANT}/images/{uuid4()}", "../../etc/passwd"):
        reply["storage_key"] = key
        problem(await staff.get(f"/v1/visits/{UUID}/photo"), 404, "FILE_NOT_FOUND")


async def test_metrics_are_for_scrapers_of_the_same_network(http: httpx.AsyncClient) -> None:
    await http.get("/v1/nothing")
    assert 'method="GET unknown",outcome="404"' in (await http.get("/metrics")).text
    assert (await http.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 404


async def test_a_built_portal_takes_every_path_that_is_no_api(
    node: Any, limits: Limits, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "index.html").write_text("<!doctype html><title>Portal</title>")
    monkeypatch.setattr("gateway.pages.PORTAL", tmp_path)
    transport = httpx.ASGITransport(create_app(node, apis=[example_api()], limits=limits))
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        for path in ("/", "/today", "/patients/7", "/shared"):
            page = await client.get(path)
            assert (page.status_code, "Portal" in page.text) == (200, True), path
            assert "script-src 'self'" in page.headers["content-security-policy"]
            assert page.headers["cache-control"] == "no-cache"
        script = await client.get("/assets/app-1a2b.js")
        assert "immutable" in script.headers["cache-control"]
        for path in ("/v1/nothing", "/assets/gone.js", "/oauth/x", "/health/x"):
            problem(await client.get(path), 404, "NOT_FOUND")
        assert (await client.get("/docs")).status_code == 200


@pytest.mark.T("T20")
async def test_every_public_method_is_closed_without_credentials_and_every_change_without_csrf(
    node: Any, limits: Limits
) -> None:
    app = create_app(node, limits=limits)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        routes = [route for api in APIS for route in api.routes] + list(SCREENS)
        for route in routes:
            path = "/" + "/".join(UUID if s.startswith("{") else s for s in route.segments)
            answer = await client.request(route.verb, path)
            assert (answer.status_code, answer.json()["reason"]) == (401, "SIGN_IN_REQUIRED"), path
        await client.post("/v1/session", json={"email": "ann@example.com", "password": PASSWORD})
        for route in routes:
            if route.verb != "GET":
                path = "/" + "/".join(UUID if s.startswith("{") else s for s in route.segments)
                answer = await client.request(route.verb, path)
                assert (answer.status_code, answer.json()["reason"]) == (403, "CSRF"), path
        assert len(routes) > 100
