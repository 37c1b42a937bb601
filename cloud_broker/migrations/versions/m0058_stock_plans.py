"""Suggestions on stock: runs, what came of each, what articles face, and what runs out."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

GRANTS = {
    "stock_policy": "select, insert, update",
    "stock_run": "select, insert",
    "stock_plan": "select, insert, update",
    "stock_outlook": "select, insert, update, delete",
    "stock_short": "select, insert, update, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0058_stock_plans.sql"


def upgrade() -> None:
    """Make the tables and close them."""
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
