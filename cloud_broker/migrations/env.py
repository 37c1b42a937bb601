"""How Alembic runs our migrations: one at a time, never waiting long for a lock."""

from alembic import context
from sqlalchemy import text

# Two runs at once (a rolling update) take turns; a table that is busy fails the run, not the shop.
_RUN_LOCK = 4_017_220_526


def _run() -> None:
    connection = context.config.attributes["connection"]
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _RUN_LOCK})
    connection.execute(text("set local lock_timeout = '5s'"))
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


_run()
