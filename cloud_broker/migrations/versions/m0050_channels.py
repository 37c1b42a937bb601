"""Channels beside the tills: sources, their events and orders, files of systems before this."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

GRANTS = {
    "channel_source": "select, insert, update",
    "write_key": "select, insert, update",
    "collect_refused": "select, insert, update",
    "channel_person": "select, insert, update, delete",
    "file_import": "select, insert, update",
    "channel_order_word": "select, insert",
    "channel_order": "select, insert, update, delete",
    "channel_order_line": "select, insert, delete",
    "moved_member": "select, insert, update",
    # A file that is taken back frees the phone numbers it brought.
    "identity": "select, insert, delete",
}
APPEND_ONLY = ("channel_order_word",)
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0050_channels.sql"


def upgrade() -> None:
    """Make the tables and close them."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))
    op.execute("grant delete on identity to regulars_app")
    for table, privileges in GRANTS.items():
        if table == "identity":
            continue
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
