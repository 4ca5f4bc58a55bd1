"""What every feature's statements need."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam


def named(*columns: str) -> dict[str, Any]:
    """Values of an INSERT or UPDATE, each bound under its column's name."""
    return {column: bindparam(column) for column in columns}
