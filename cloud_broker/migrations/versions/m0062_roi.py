"""What channels cost, baselines of shops, and how long a sale took at the counter."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

GRANTS = {
    "cost_import": "select, insert, update",
    "channel_cost": "select, insert",
    "roi_baseline": "select, insert",
}
APPEND_ONLY = ("channel_cost", "roi_baseline")
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0062_roi.sql"


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
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
