"""Segments, who belongs to them, and the views they are worked out from."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

GRANTS = {
    "segment": "select, insert, update",
    "segment_version": "select, insert",
    "segment_member": "select, insert, delete",
    "segment_run": "select, insert",
}
VIEWS = ("tagged", "stores")
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0055_segments.sql"


def upgrade() -> None:
    """Make the tables and close them; views show what their reader may see anyhow."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
    for view in VIEWS:
        op.execute(f"grant select on analytics.{view} to regulars_app")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
