"""Releases on their way to boxes, ring by ring, and what every box runs."""

from alembic import op

revision = "0043"
down_revision = "0039"
branch_labels = None
depends_on = None

GRANTS = {
    "rollout": "select, insert, update",
    "rollout_box": "select, insert, update",
    "box_release": "select, insert, update",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_ROLLOUT = (
    "create table rollout (tenant_id uuid not null, rollout_id uuid not null,"
    " number bigint not null check (number > 0), version text not null, policy jsonb not null,"
    " why text not null, author text not null, second text not null, made_at timestamptz not null,"
    " state text not null check (state in ('waiting', 'running', 'paused', 'stopped', 'done')),"
    " ring integer not null check (ring >= 0), ring_at timestamptz not null, reason text not null,"
    " agreed integer[] not null, primary key (tenant_id, rollout_id),"
    " foreign key (tenant_id) references tenant)"
)
_BOX = (
    "create table rollout_box (tenant_id uuid not null, rollout_id uuid not null,"
    " device_id uuid not null, store_id uuid not null, ring integer not null, stage text not null"
    " check (stage in ('held', 'offered', 'fetching', 'ready', 'trying', 'proved', 'failed',"
    " 'refused', 'reverted')), changed_at timestamptz not null,"
    " tried_at timestamptz not null default 'epoch', code text not null default '',"
    " sales bigint not null default 0, breaks bigint not null default 0,"
    " waits text not null default '', primary key (tenant_id, rollout_id, device_id),"
    " foreign key (tenant_id, rollout_id) references rollout,"
    " foreign key (tenant_id, device_id) references device,"
    " foreign key (tenant_id, store_id) references store)"
)
_OF_BOX = "create index rollout_box_of on rollout_box (tenant_id, device_id)"
# Two people who start a release at the same moment: one of them is told that it is taken.
_ONE = (
    "create unique index rollout_one on rollout (tenant_id)"
    " where state in ('waiting', 'running', 'paused')"
)
_RUNS = (
    "create table box_release (tenant_id uuid not null, device_id uuid not null,"
    " number bigint not null, version text not null, told_at timestamptz not null,"
    " primary key (tenant_id, device_id), foreign key (tenant_id, device_id) references device)"
)


def upgrade() -> None:
    """Make the tables and close them."""
    for statement in (_ROLLOUT, _BOX, _OF_BOX, _ONE, _RUNS):
        op.execute(statement)
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
