"""Rules of payments: how much may be paid, what it pays, who may take it back."""

from __future__ import annotations

from shared.errors import Conflict, Denied

SECOND_PERSON_OVER_CENTS = 500_00


def check_payable(amount_cents: int, balance_cents: int, pending_cents: int) -> None:
    """Raises OVERPAID when an amount exceeds the balance less what is on its way."""
    payable = max(0, balance_cents - pending_cents)
    if amount_cents > payable:
        raise Conflict("OVERPAID", "the payment exceeds the balance", field="amount", balance_cents=payable)


def kind_of(amount_cents: int, *, paid_cents: int, down_payment_cents: int, portion_cents: int) -> str:
    """What a payment pays: the whole portion at once, the down payment while some of it is open, else instalments."""
    if not paid_cents and amount_cents == portion_cents and portion_cents > down_payment_cents:
        return "paid_in_full"
    return "down_payment" if paid_cents < down_payment_cents else "instalment"


def check_second_person(amount_cents: int, recorded_by: str | None, actor_id: str) -> None:
    """Raises when somebody takes back a larger payment, in one step or several, that the same person recorded.

    `amount_cents` includes what was returned before; `recorded_by` is None for a private link. Source: the usual
    embezzlement by refund.
    """
    if amount_cents > SECOND_PERSON_OVER_CENTS and recorded_by == actor_id:
        raise Denied("SECOND_PERSON_REQUIRED", "another person must do this", limit_cents=SECOND_PERSON_OVER_CENTS)


def check_refundable(state: str, amount_cents: int, received_cents: int, refunded_cents: int) -> None:
    """Raises unless the amount can be returned from a payment that was received."""
    check_settled(state)
    refundable = received_cents - refunded_cents
    if amount_cents > refundable:
        raise Conflict(
            "REFUND_TOO_LARGE", "that is more than is left of the payment", field="amount", refundable_cents=refundable
        )


def check_reversible(state: str, method: str, reason: str, refunded_cents: int) -> None:
    """Raises unless a payment can be taken back for this reason: a card's mistake is refunded, not reversed."""
    check_settled(state)
    if refunded_cents:
        raise Conflict("PAYMENT_REFUNDED", "part of the payment was refunded already", refunded_cents=refunded_cents)
    fits = {"entered_in_error": ("cash", "check"), "returned_check": ("check",), "chargeback": ("card",)}
    if method not in fits[reason]:
        raise Conflict("REASON_DOES_NOT_FIT", "this method of payment is not reversed for that reason", method=method)


def check_settled(state: str) -> None:
    """Raises unless the payment was received."""
    if state != "succeeded":
        raise Conflict("PAYMENT_NOT_SETTLED", "the payment was not received", state=state)
