"""How boxes count their store's caps of a day: alone, or by what each was lent."""

from alembic import op

from cloud_broker.migrations import reach

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

GRANTS = {"cap_stand": "select, insert, update"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the table and close it; a box that never spoke of it counts alone."""
    op.execute(
        "create table cap_stand (tenant_id uuid not null, device_id uuid not null,"
        " word integer not null check (word >= 0), heard integer not null check (heard >= 0),"
        " shares_from integer not null check (shares_from >= 0),"
        " agreed integer not null check (agreed >= 0), primary key (tenant_id, device_id))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: who counts what must be known."""
    raise NotImplementedError
