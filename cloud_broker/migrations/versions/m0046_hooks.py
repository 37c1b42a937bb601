"""Partner systems are told of events: subscriptions, and messages that triggers write."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

GRANTS = {
    "hook": "select, insert, update",
    "hook_post": "select, insert, update, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0046_hooks.sql"


def upgrade() -> None:
    """Make the tables, close them, and listen to what is to be told."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
