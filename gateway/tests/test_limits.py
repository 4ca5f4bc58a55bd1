"""Buckets that empty, fill again, and are forgotten."""

from __future__ import annotations

import pytest

from gateway import limits
from shared.errors import TooManyRequests


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("gateway.limits.time.monotonic", lambda: now[0])
    return now


def test_a_bucket_empties_and_fills_evenly(clock: list[float]) -> None:
    bucket = limits.Buckets(6)
    for _ in range(6):
        bucket.take("a")
    with pytest.raises(TooManyRequests) as refusal:
        bucket.take("a")
    assert refusal.value.details == {"retry_after_s": 10}
    bucket.take("b")
    clock[0] += 10
    bucket.take("a")
    with pytest.raises(TooManyRequests):
        bucket.take("a")
    clock[0] += 3600
    for _ in range(6):
        bucket.take("a")


def test_all_addresses_of_one_ipv6_network_are_one(clock: list[float]) -> None:
    limit = limits.Limits({"ARCHWIRE_LIMIT_ADDRESS": "2/minute"})
    for ip in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "192.0.2.1", "::ffff:192.0.2.1", "odd:"):
        limit.address(ip)
    for ip in ("2001:db8:1:2::7", "192.0.2.1"):
        with pytest.raises(TooManyRequests):
            limit.address(ip)


def test_full_buckets_are_forgotten(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUCKETS_AT_MOST", 10)
    bucket = limits.Buckets(6)
    for n in range(10):
        bucket.take(str(n))
    clock[0] += 61
    bucket.take("x")
    assert list(bucket._buckets) == ["x"]


def test_zero_is_no_limit_and_nonsense_is_told() -> None:
    none = limits.Limits(dict.fromkeys(limits.DEFAULTS, "0/minute"))
    for _ in range(100):
        none.sign_in("a", "b")
    with pytest.raises(ValueError, match="ARCHWIRE_LIMIT_CALLER must be"):
        limits.Limits({"ARCHWIRE_LIMIT_CALLER": "many"})
