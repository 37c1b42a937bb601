"""Evidence of who is one person, and who everybody is by it."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

GRANTS = {
    "identity_link": "select, insert, update, delete",
    "identity_due": "select, insert, update, delete",
    "identity_person": "select, insert, update, delete",
    "identity_block": "select, insert, delete",
    "identity_run": "select, insert, update",
    "identity_candidate": "select, insert, update, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0061_identity.sql"


def upgrade() -> None:
    """Make the tables and close them; what names somebody becomes evidence by itself from now."""
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
