"""Which receipts still have to be checked for their price, and how many were, day by day."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GRANTS = {
    "price_audit_due": "select, insert, update, delete",
    "price_audit_day": "select, insert, update",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; receipts of before are not checked."""
    op.execute(
        "create table price_audit_due (tenant_id uuid not null, receipt_id uuid not null,"
        " received_at timestamptz not null, primary key (tenant_id, receipt_id))"
    )
    op.execute("create index price_audit_next on price_audit_due (tenant_id, received_at)")
    op.execute(
        "create table price_audit_day (tenant_id uuid not null, day date not null,"
        " audited bigint not null, resolved bigint not null, differing bigint not null,"
        " primary key (tenant_id, day))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: what was checked must be known."""
    raise NotImplementedError
