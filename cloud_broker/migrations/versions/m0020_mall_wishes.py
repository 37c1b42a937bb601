"""Wallets whose points are asked back from stores for something in the points mall."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

GRANTS = {"mall_wish": "select, insert, update, delete"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the table and close it."""
    op.execute(
        "create table mall_wish (tenant_id uuid not null, wallet_id uuid not null,"
        " until timestamptz not null, primary key (tenant_id, wallet_id))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
