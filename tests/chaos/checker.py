"""Decides whether the event path kept its promises, from what was acknowledged, committed and done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Event = tuple[str, int]  # key, number


@dataclass(frozen=True)
class Verdict:
    """Every broken promise, by event. Empty lists are what we want."""

    forgotten: list[Event]  # acknowledged to the writer, but not in the database
    lost: list[Event]  # committed, but never handled
    invented: list[Event]  # handled, but never committed
    twice: list[Event]
    out_of_order: list[Event]  # handled after a later one of its key

    @property
    def clean(self) -> bool:
        return not (self.forgotten or self.lost or self.invented or self.twice or self.out_of_order)


def check(acknowledged: Iterable[Event], committed: Mapping[str, int], effects: Mapping[str, Sequence[int]]) -> Verdict:
    """Compares, after everything has drained: checking earlier reports a false loss.

    The events of a key are numbered 1, 2, … by their transactions; `committed` has the last number of each key,
    `effects` the numbers handled, in the order in which they were.
    """
    lost, invented, twice, out_of_order = [], [], [], []
    for key in committed.keys() | effects.keys():
        handled, last = effects.get(key, ()), committed.get(key, 0)
        times = Counter(handled)
        lost += [(key, n) for n in range(1, last + 1) if n not in times]
        invented += [(key, n) for n in times if not 1 <= n <= last]
        twice += [(key, n) for n, count in times.items() if count > 1]
        latest, seen = 0, set()
        for n in handled:
            if n < latest and n not in seen:
                out_of_order.append((key, n))
            seen.add(n)
            latest = max(latest, n)
    forgotten = [(key, n) for key, n in acknowledged if n > committed.get(key, 0)]
    return Verdict(forgotten, lost, invented, twice, out_of_order)
