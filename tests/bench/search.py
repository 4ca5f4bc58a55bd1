"""Row of the global search: what a front desk types, letter by letter, among 100,000 patients of one group."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from statistics import quantiles

import asyncpg

from services.directory.patients.domain import search_text
from shared.demo import people
from tests.bench.report import Report
from tests.support import Group, Http, Platform

PATIENTS = 100_000
ROW = "patient search among 100,000, p95"
COLUMNS = (
    *("tenant_id", "chart_number", "first_name", "last_name", "preferred_name", "birth_date", "sex", "language"),
    *("email", "mobile", "address", "home_location_id", "location_ids", "search_text"),
)
FILL = f"""
INSERT INTO directory.patient ({", ".join(COLUMNS)})
SELECT $1::uuid, 1000000 + n, first, last, '', '2012-01-01'::date + (n % 3000)::int, 'unknown', 'en', '',
  '+1617' || lpad(n::text, 7, '0'), '{{}}'::jsonb, $2::uuid, ARRAY[$2::uuid], text
FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS named (first, last, text, n)"""


def measure(report: Report, *, quick: bool) -> None:
    """The 95th percentile of the answers, over HTTP, one after the other."""
    count = 5_000 if quick else PATIENTS
    rng = random.Random(7)
    # As many different last names as such a group has: a family name of the list, or two of them.
    names = [(rng.choice(people.GIRLS + people.BOYS), _last(rng)) for _ in range(count)]
    with tempfile.TemporaryDirectory(prefix="aw-") as folder:
        platform = Platform(Path(folder) / "data")
        try:
            platform.start()
            group = Group(platform)
            asyncio.run(_fill(platform.dsn(""), group, names))
            desk = group.http("front_desk")
            typed = [text for _ in range(20) for text in _typing(rng, rng.choice(names), count)]
            for text in typed[:20]:
                _search_ms(desk, text)
            times = [_search_ms(desk, text) for text in typed]
        finally:
            platform.stop()
    report.add(
        ROW, quantiles(times, n=100)[94], f"{len(times)} searches, {count:,} patients, worst {max(times):.0f} ms"
    )


def _last(rng: random.Random) -> str:
    last = rng.choice(people.LAST)
    return last if rng.random() < 0.5 else f"{last}-{rng.choice(people.LAST)}"


def _typing(rng: random.Random, name: tuple[str, str], count: int) -> list[str]:
    """One search, as it goes over the wire while somebody types: a name, a name misspelt, or a number."""
    first, last = name
    number = rng.randrange(1, count)
    return [
        *(last[:n] for n in range(2, len(last) + 1, 2)),
        f"{first[:3]} {last[:4]}",
        f"{first} {last}",
        f"{first} {last[0]}{last[2:3]}{last[1:2]}{last[3:]}",  # two letters in the wrong order
        str(1_000_000 + number),
        f"617{number:07d}",
    ]


def _search_ms(desk: Http, text: str) -> float:
    began = time.perf_counter()
    answer = desk.post("/v1/patients/search", json={"query": text, "page_size": 10})
    took = (time.perf_counter() - began) * 1e3
    assert answer.status_code == 200, answer.text
    return took


async def _fill(dsn: str, group: Group, names: list[tuple[str, str]]) -> None:
    connection = await asyncpg.connect(dsn)
    firsts, lasts = zip(*names, strict=True)
    texts = [search_text(first, last) for first, last in names]
    await connection.execute(FILL, group.id, group.location_a, list(firsts), list(lasts), texts)
    await connection.execute("VACUUM ANALYZE directory.patient")
    await connection.close()
