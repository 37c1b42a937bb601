"""What is worked out of members, and the views it is worked out from."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

GRANTS = {
    "tag_threshold": "select, insert, update",
    "tag_catalogue": "select, insert",
    "member_tags": "select, insert, update, delete",
    "tag_run": "select, insert",
    "analytic_copy": "select, insert, update",
}
VIEWS = ("person", "till_line", "till_order", "orders", "order_lines", "events", "members")
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0052_tags.sql"


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
    op.execute("grant usage on schema analytics to regulars_app")
    for view in VIEWS:
        op.execute(f"grant select on analytics.{view} to regulars_app")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
