"""Run by xyk.storage.migrate, which hands over an open connection and the metadata of its
database."""

from alembic import context

config = context.config
if "connection" not in config.attributes:
    raise SystemExit(
        "The server runs migrations itself (xyk.storage.migrate); alembic alone cannot."
    )

context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes["metadata"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
