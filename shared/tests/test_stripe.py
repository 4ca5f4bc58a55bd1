"""The Stripe adapter: against localstripe, a peer that we did not write, when it is installed; and what each answer means.

localstripe ignores idempotency keys, so only the header is checked for them (`pip install localstripe==1.15.10`
anywhere, and LOCALSTRIPE=path of its program).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import parse_qs

import httpx
import pytest

from shared.errors import Unavailable
from shared.processor import Declined
from shared.stripe import Stripe

LOCALSTRIPE = os.environ.get("LOCALSTRIPE") or shutil.which("localstripe")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if not LOCALSTRIPE:
        pytest.skip("localstripe is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([LOCALSTRIPE, "--port", str(port), "--from-scratch"]) as peer:
        for _ in range(100):
            try:
                httpx.get(f"http://127.0.0.1:{port}/")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        peer.terminate()


def payment_method(url: str, number: str) -> str:
    card = {"number": number, "exp_month": "12", "exp_year": "2030", "cvc": "123"}
    fields = {"type": "card", **{f"card[{name}]": value for name, value in card.items()}}
    answer = httpx.post(f"{url}/v1/payment_methods", data=fields, auth=("sk_test_1", ""))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def test_a_card_is_charged_and_refunded_at_a_peer_we_did_not_write(url):
    stripe = Stripe("sk_test_1", url)
    charge = await stripe.charge(1_000_00, payment_method(url, "4242424242424242"), "key 1")
    async with httpx.AsyncClient(auth=("sk_test_1", "")) as client:
        intent = (await client.get(f"{url}/v1/payment_intents/{charge}")).json()
    assert (intent["status"], intent["amount"], intent["currency"]) == ("succeeded", 1_000_00, "usd")
    assert (await stripe.refund(charge, 400_00, "key 2")).startswith("re_")


async def test_a_declined_card_is_declined_at_a_peer_we_did_not_write(url):
    with pytest.raises(Declined, match=r"declined|requires_payment_method"):
        await Stripe("sk_test_1", url).charge(1_000_00, payment_method(url, "4000000000000341"), "key 4")


def answering(status: int, body: dict) -> tuple[Stripe, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=body)

    return Stripe("sk_test_1", "http://stripe.example", transport=httpx.MockTransport(answer)), seen


async def test_the_key_of_a_payment_goes_with_its_charge_and_no_card_or_name_does():
    stripe, seen = answering(200, {"id": "pi_1", "status": "succeeded"})
    assert await stripe.charge(1_000_00, "pm_1", "payment 1") == "pi_1"
    (request,) = seen
    assert request.headers["Idempotency-Key"] == "payment 1"
    assert {name: values[0] for name, values in parse_qs(request.content.decode()).items()} == {
        "amount": "100000",
        "currency": "usd",
        "confirm": "true",
        "off_session": "true",
        "payment_method": "pm_1",
    }


@pytest.mark.parametrize("status", [401, 409, 429, 500, 503])
async def test_an_answer_that_says_nothing_is_asked_again(status):
    with pytest.raises(Unavailable):
        await answering(status, {})[0].charge(1, "pm_1", "key")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (402, {"error": {"code": "card_declined", "decline_code": "insufficient_funds"}}, "insufficient_funds"),
        (402, {"error": {"code": "expired_card"}}, "expired_card"),
        (400, {"error": {"type": "invalid_request_error"}}, "invalid_request"),
        (200, {"id": "pi_1", "status": "requires_action"}, "requires_action"),
    ],
)
async def test_a_no_is_final_and_says_why(status, body, code):
    with pytest.raises(Declined) as declined:
        await answering(status, body)[0].charge(1, "pm_1", "key")
    assert declined.value.code == code
