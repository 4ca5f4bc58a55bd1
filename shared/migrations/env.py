"""Alembic's entry when it compares a service's models with a database: `archwire migrate --autogenerate`."""

from __future__ import annotations

from alembic import context

from shared.migrations import compare_options, metadata

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=metadata(attributes["service"]),
    **compare_options(attributes["service"]),
)
with context.begin_transaction():
    context.run_migrations()
