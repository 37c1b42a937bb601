"""What boxes hand in for a command."""

from alembic import op

from cloud_broker.migrations import reach

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

GRANTS = {"command_archive": "select, insert, update, delete"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_TABLE = (
    "create table command_archive (tenant_id uuid not null, command_id uuid not null,"
    " store_id uuid not null, made_at timestamptz not null, content bytea not null,"
    " primary key (tenant_id, command_id),"
    " foreign key (tenant_id, command_id) references fleet_command on delete cascade)"
)


def upgrade() -> None:
    """Make the table and close it; it is packed already."""
    op.execute(_TABLE)
    op.execute("alter table command_archive alter column content set storage external")
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
