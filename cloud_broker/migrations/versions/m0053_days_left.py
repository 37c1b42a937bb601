"""Days that orders of other channels left: copies of these days are written anew."""

from alembic import op

from cloud_broker.migrations import reach

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

GRANTS = {"channel_day_left": "select, insert, update"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_DAYS = (
    "create table channel_day_left (tenant_id uuid not null references tenant,"
    " business_date date not null, left_at timestamptz not null,"
    " primary key (tenant_id, business_date))"
)


def upgrade() -> None:
    """Make the table and close it."""
    op.execute(_DAYS)
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
