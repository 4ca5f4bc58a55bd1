"""The contracts service on its own PostgreSQL, once per run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.contracts.tests.books import Books


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    made = Books(tmp_path_factory.mktemp("books"))
    yield made
    made.close()
