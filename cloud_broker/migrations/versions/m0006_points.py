"""Refunds, adjustments by two persons, merges, policies and closed days: all of it append-only."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

GRANTS = {
    "refund": "select, insert",
    "refund_line": "select, insert",
    "adjustment": "select, insert",
    "adjustment_decision": "select, insert",
    "member_merge": "select, insert",
    "member_unmerge": "select, insert",
    "points_policy": "select, insert",
    "day_close": "select, insert",
}
APPEND_ONLY = tuple(GRANTS)
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"

_SQL = Path(__file__).parents[1] / "sql" / "0006_points.sql"


def upgrade() -> None:
    """Make the tables and close them; give every posting the day it counts on."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Refuse: the books are not unwritten."""
    raise NotImplementedError
