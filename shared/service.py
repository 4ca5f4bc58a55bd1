"""What a service is: five facts, declared in its `__init__.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from sqlalchemy.orm import DeclarativeBase

NAMES = (
    "directory",
    "coordination",
    "scheduling",
    "insurance",
    "contracts",
    "records",
    "supply",
    "notifications",
    "reporting",
)

Handler = Callable[[Any, Any], Awaitable[None]]  # (event, call)
Job = Callable[[str, Any], Awaitable[None]]  # (key, work)


@dataclass(frozen=True)
class Service:
    """A service: its name (= schema, role, topic), tables, gRPC methods, the events it hears, its deferred jobs."""

    name: str
    base: type[DeclarativeBase]
    register: Callable[[Any], None]
    handlers: Mapping[type, Handler] = field(default_factory=dict)
    jobs: Mapping[str, Job] = field(default_factory=dict)

    @property
    def topic(self) -> str:
        """The topic this service publishes to."""
        return topic(self.name)

    @property
    def topics_heard(self) -> tuple[str, ...]:
        """The topics its handlers need."""
        return tuple(sorted({topic(event.DESCRIPTOR.full_name.split(".")[1]) for event in self.handlers}))  # type: ignore[attr-defined]


def topic(service: str) -> str:
    return f"archwire.{service}.v1"


def load(name: str) -> Service:
    """Imports a service by name. Raises ValueError for an unknown one."""
    if name not in NAMES:
        raise ValueError(f"there is no service {name!r}: one of {', '.join(NAMES)}")
    service: Service = import_module(f"services.{name}").SERVICE
    return service
