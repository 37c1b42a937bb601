"""Tasks and what was given for them, shared links, invitations, the points mall."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

GRANTS = {
    "task_due": "select, insert, update, delete",
    "task_known": "select, insert",
    "checkin_day": "select, insert",
    "task_progress": "select, insert, update, delete",
    "task_completion": "select, insert, update",
    "share_token": "select, insert",
    "share_open": "select, insert",
    "referral": "select, insert, update",
    "mall_stock": "select, insert, update",
    "mall_order": "select, insert, update",
    "gift_handed": "select, insert",
}
APPEND_ONLY = ("gift_handed",)
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"

_SQL = Path(__file__).parents[1] / "sql" / "0013_tasks.sql"


def upgrade() -> None:
    """Make the tables and close them."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Refuse: what members were given must be known."""
    raise NotImplementedError
