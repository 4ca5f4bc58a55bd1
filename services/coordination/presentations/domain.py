"""Rules of presentations."""

from __future__ import annotations

from shared.errors import Conflict

MOVES = {
    "share": {"draft": "shared", "shared": "shared"},
    "choose": {"draft": "chosen", "shared": "chosen"},
    "withdraw": {"draft": "withdrawn", "shared": "withdrawn"},
}
STATES = ("draft", "shared", "chosen", "withdrawn")


def move(state: str, trigger: str) -> str:
    """The state after `share`, `choose` or `withdraw`; raises Conflict / PRESENTATION_NOT_OPEN."""
    try:
        return MOVES[trigger][state]
    except KeyError:
        raise Conflict(
            "PRESENTATION_NOT_OPEN", "an option was chosen or the presentation withdrawn", state=state
        ) from None
