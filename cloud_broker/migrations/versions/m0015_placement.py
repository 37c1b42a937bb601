"""Which wallets' points are to be lent out anew, because something happened to them."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

GRANTS = {"placement_due": "select, insert, update, delete"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the table and close it; a wallet comes onto the list with its next sale."""
    op.execute(
        "create table placement_due (tenant_id uuid not null, wallet_id uuid not null,"
        " since timestamptz not null, primary key (tenant_id, wallet_id))"
    )
    op.execute("create index placement_next on placement_due (tenant_id, since)")
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: what is due must be known."""
    raise NotImplementedError
