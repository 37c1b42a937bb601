"""Tiers run for real: standings with their reasons, coupons and gifts, birthdays."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

GRANTS = {
    "member_coupon": "select, insert, update",
    "member_gift": "select, insert, update",
    "member_profile": "select, insert, update, delete",
    "member_standing": "select, insert, update",
    "tier_change": "select, insert",
    "growth_due": "select, insert, update, delete",
    "growth_run": "select, insert, update",
    "tier_grant": "select, insert",
    "tier_grant_decision": "select, insert",
}
APPEND_ONLY = ("tier_change", "tier_grant", "tier_grant_decision")
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"

_SQL = Path(__file__).parents[1] / "sql" / "0010_growth.sql"


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
    """Refuse: what members hold must be known."""
    raise NotImplementedError
