"""How far unchanged tills agree with what their boxes compute, and who overruled that."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

GRANTS = {"till_agreement": "select, insert, update", "till_change": "select, insert"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
# The body is the box's own message: one format, checked when it came in.
_NEWEST = (
    "create table till_agreement (tenant_id uuid not null, till_id uuid not null,"
    " store_id uuid not null, device_id uuid not null, epoch bigint not null, seq bigint not null,"
    " told_at timestamptz not null, body bytea not null, primary key (tenant_id, till_id),"
    " foreign key (tenant_id, store_id) references store)"
)
_CHANGES = (
    "create table till_change (tenant_id uuid not null, event_id uuid not null,"
    " till_id uuid not null, store_id uuid not null, operator_id uuid,"
    " happened_at timestamptz not null, body bytea not null, primary key (tenant_id, event_id),"
    " foreign key (tenant_id, store_id) references store)"
)
_KINDS = (
    "alter table repair_queue drop constraint repair_queue_kind_check,"
    " add constraint repair_queue_kind_check"
    " check (kind in ('frame', 'event', 'chain', 'person', 'member', 'proof', 'books',"
    " 'price', 'lease', 'till'))"
)
_LAST = "create index till_change_last on till_change (tenant_id, happened_at desc)"


def upgrade() -> None:
    """Make the tables and close them."""
    for statement in (_NEWEST, _CHANGES, _LAST, _KINDS):
        op.execute(statement)
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
