"""Runs the migrations on the connection that facilitator.migrations hands over."""

from alembic import context

from facilitator.db import Base
from facilitator.schema import MODELS

if not MODELS:  # importing them fills the metadata
    raise RuntimeError("no models")

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
