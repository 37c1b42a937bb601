"""Campaigns, the messages they send, and the addresses members gave for them."""

from pathlib import Path

from alembic import op

from cloud_broker.migrations import reach

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

GRANTS = {
    "message_template": "select, insert, update",
    "contact": "select, insert, update, delete",
    "campaign": "select, insert, update",
    "campaign_person": "select, insert, update",
    "campaign_message": "select, insert, update",
    "call_back": "select, insert, update",
    "campaign_look": "select, insert, update",
    "message_pace": "select, insert, update",
    "person_worth": "select, insert, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SQL = Path(__file__).parents[1] / "sql" / "0057_campaigns.sql"


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
