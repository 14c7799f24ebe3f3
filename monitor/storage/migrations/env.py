"""Alembic's entry: it is always given an open connection by `monitor.storage.schema`."""

from __future__ import annotations

from alembic import context

from monitor.storage.schema import is_modelled
from monitor.storage.tables_web import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter columns in place
    compare_type=True,
    compare_server_default=False,
    include_name=is_modelled,
)
with context.begin_transaction():
    context.run_migrations()
