"""Fixtures for every test: a platform (one per run), a group (one per module), people who sign in, patience."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import support


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[support.Platform]:
    """The whole platform in a process of its own, started for the first test that needs it."""
    running = support.Platform(tmp_path_factory.mktemp("archwire", numbered=True) / "data")
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[support.Platform]:
    """A platform with the demo group, 150 patients large."""
    running = support.Platform(tmp_path_factory.mktemp("demo", numbered=True) / "data", patients=150)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def group(platform: support.Platform) -> support.Group:
    """A fresh group with two locations."""
    return support.Group(platform)


@pytest.fixture
def http(group: support.Group) -> support.Http:
    """A treatment coordinator of location A, signed in."""
    return group.http("treatment_coordinator")


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`eventually(lambda: …)` asks until the answer is truthy, for at most 10 s."""
    return support.eventually
