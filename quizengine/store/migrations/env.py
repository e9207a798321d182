"""Runs the engine's migrations on the connection that ``store.schema`` opened."""

from __future__ import annotations

from alembic import context

from quizengine.store.schema import VERSION_TABLE
from quizengine.store.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
