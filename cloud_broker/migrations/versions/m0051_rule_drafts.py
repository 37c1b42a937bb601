"""Drafts of rules with each of their edits, publications asked for, checks and rehearsals."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

GRANTS = {
    "rule_draft": "select, insert, update",
    "rule_edit": "select, insert",
    "rule_order": "select, insert, update",
    "rule_job": "select, insert, update",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0051_rule_drafts.sql"


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
    op.execute(
        "create trigger rule_edit_is_append_only before update or delete or truncate on rule_edit"
        " for each statement execute function refuse_change()"
    )
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
