"""People of HQ sign in by the company's own accounts: which belongs to whom."""

from alembic import op

from cloud_broker.migrations import reach

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

GRANTS = {"hq_link": "select, insert, delete"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_LINK = (
    "create table hq_link (tenant_id uuid not null, issuer text not null, kind text not null"
    " check (kind in ('subject', 'email')), value text not null check (value <> ''),"
    " user_id uuid not null, made_by text not null, made_at timestamptz not null,"
    " primary key (tenant_id, issuer, kind, value),"
    " foreign key (tenant_id, user_id) references hq_user)"
)


def upgrade() -> None:
    """Make the table and close it."""
    op.execute(_LINK)
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
