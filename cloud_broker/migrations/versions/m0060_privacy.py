"""Members who leave, certificates of erasure, and the one function that erases a person."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

GRANTS = {
    "leaving": "select, insert, update",
    "erasure": "select, insert",
    "erased_receipt": "select",
    "erased_event": "select",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0060_privacy.sql"


def upgrade() -> None:
    """Make the tables, close them, and let what happened be changed by one function alone."""
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
    """Refuse: who was erased does not come back."""
    raise NotImplementedError
