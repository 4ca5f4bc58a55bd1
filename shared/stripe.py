"""Stripe's PaymentIntents and refunds over HTTP: the few fields we need, opaque ids only, never patient data.

A result that is neither success nor a final no (a time-out, 409, 429, 5xx) is Unavailable: the caller tries again
with the same idempotency key, and Stripe answers what happened the first time.
"""

from __future__ import annotations

from typing import Any

import httpx

from shared.errors import Unavailable
from shared.processor import Declined

API_VERSION = "2025-10-29.clover"
TIMEOUT_S = 20.0


class Stripe:
    """A Stripe account, by its secret key."""

    name = "stripe"

    def __init__(
        self,
        secret_key: str,
        url: str = "https://api.stripe.com",
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            auth=(secret_key, ""),
            headers={"Stripe-Version": API_VERSION},
            timeout=TIMEOUT_S,
            transport=transport,
        )

    async def charge(self, amount_cents: int, token: str, idempotency_key: str) -> str:
        """Charges a payment method (`pm_…`), or a legacy card token (`tok_…`), without the family being there."""
        method = (
            {"payment_method_data[type]": "card", "payment_method_data[card][token]": token}
            if token.startswith("tok_")
            else {"payment_method": token}
        )
        intent = await self._post(
            "/v1/payment_intents",
            {"amount": amount_cents, "currency": "usd", "confirm": "true", "off_session": "true", **method},
            idempotency_key,
        )
        if intent["status"] != "succeeded":
            raise Declined(intent["status"])
        return str(intent["id"])

    async def refund(self, reference: str, amount_cents: int, idempotency_key: str) -> str:
        """Returns part of a PaymentIntent to the card it came from."""
        refund = await self._post("/v1/refunds", {"payment_intent": reference, "amount": amount_cents}, idempotency_key)
        if refund["status"] not in ("succeeded", "pending"):
            raise Declined(refund.get("failure_reason") or refund["status"])
        return str(refund["id"])

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, path: str, fields: dict[str, Any], idempotency_key: str) -> dict[str, Any]:
        try:
            response = await self._client.post(path, data=fields, headers={"Idempotency-Key": idempotency_key})
        except httpx.TransportError:
            raise Unavailable("PROCESSOR_UNAVAILABLE", "the card processor did not answer") from None
        if response.status_code in (401, 403, 409, 429) or response.status_code >= 500:
            raise Unavailable(
                "PROCESSOR_UNAVAILABLE", "the card processor could not answer", status=response.status_code
            )
        body: dict[str, Any] = response.json()
        if response.status_code >= 400:
            error = body.get("error", {})
            raise Declined(error.get("decline_code") or error.get("code") or "invalid_request")
        return body
