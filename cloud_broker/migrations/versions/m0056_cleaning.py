"""Decisions of cleaning, what is set apart by them, and the tables of reports that say so."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

GRANTS = {
    "cleaning_decision": "select, insert, update",
    "quarantine": "select, insert, update",
    "cleaning_run": "select, insert",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0056_cleaning.sql"


def upgrade() -> None:
    """Make the tables and close them; the views are shown anew, with what is set apart."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
    op.execute("grant execute on function analytics.actor to regulars_app")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
