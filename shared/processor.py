"""The card processor behind one small interface: Stripe when a key is configured, else the labelled sandbox.

Cards are tokens that the processor's own hosted page made: no card number ever reaches us.
"""

from __future__ import annotations

from typing import Protocol

from shared.config import Config


class Declined(Exception):
    """The processor said no, for good: the same key will not succeed. `code` is its short reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CardProcessor(Protocol):
    """What we ask of a processor. Both calls may be repeated with the same key: they then happen once."""

    async def charge(self, amount_cents: int, token: str, idempotency_key: str) -> str:
        """Charges a card; returns the processor's reference. Raises Declined, or Unavailable when nobody knows."""
        ...

    async def refund(self, reference: str, amount_cents: int, idempotency_key: str) -> str:
        """Returns part of a charge to its card; returns the reference. Raises Declined or Unavailable."""
        ...


_processor: CardProcessor | None = None


def choose(config: Config) -> CardProcessor:
    """The processor of an installation."""
    if config.stripe_secret_key:
        from shared.stripe import Stripe

        return Stripe(config.stripe_secret_key, config.stripe_url)
    from shared.sandbox.card_processor import SandboxProcessor

    return SandboxProcessor(config.data / "sandbox" / "card_processor.sqlite")


def use(processor: CardProcessor) -> None:
    """Sets the processor of this process; called once by the program."""
    global _processor
    _processor = processor


def processor() -> CardProcessor:
    """The processor of this process."""
    if _processor is None:
        raise RuntimeError("no card processor: the program sets one at start")
    return _processor
