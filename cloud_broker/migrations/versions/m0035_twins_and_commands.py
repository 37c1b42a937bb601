"""What boxes are to be like, what they said of it, and what they are told to do."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

GRANTS = {
    "twin_layer": "select, insert",
    "twin_told": "select, insert, update",
    "fleet_order": "select, insert, update",
    "fleet_command": "select, insert, update",
    "fleet_halt": "select, insert, update",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
# The session of the last presence: a late will ends no later one. Who left on purpose is gone too.
_SESSION = (
    "alter table device_state add column session_id uuid,"
    " add column on_purpose boolean not null default false"
)
# One count of versions for the whole chain: what a box is handed never goes back, whichever region
# its store is moved to. `place` is the region, store or box; zeros for the chain.
_LAYERS = (
    "create table twin_layer (tenant_id uuid not null, version bigint not null check (version > 0),"
    " scope text not null check (scope in ('chain', 'region', 'store', 'device')),"
    " place uuid not null, content jsonb not null, author text not null, note text not null,"
    " made_at timestamptz not null, primary key (tenant_id, version),"
    " foreign key (tenant_id) references tenant)"
)
_LAYERS_OF = "create index twin_layer_of on twin_layer (tenant_id, scope, place, version desc)"
_TOLD = (
    "create table twin_told (tenant_id uuid not null, device_id uuid not null,"
    " version bigint not null, outcomes jsonb not null, told_at timestamptz not null,"
    " primary key (tenant_id, device_id), foreign key (tenant_id, device_id) references device)"
)
_ORDERS = (
    "create table fleet_order (tenant_id uuid not null, order_id uuid not null, kind text not null,"
    " args jsonb not null, dry boolean not null, why text not null, author text not null,"
    " made_at timestamptz not null, expires_at timestamptz not null, state text not null"
    " check (state in ('waiting', 'running', 'paused', 'stopped', 'done')),"
    " second text not null default '', waves integer not null, wave integer not null,"
    " wave_at timestamptz not null, pause_ms bigint not null, failures_max integer not null,"
    " primary key (tenant_id, order_id), foreign key (tenant_id) references tenant)"
)
_COMMANDS = (
    "create table fleet_command (tenant_id uuid not null, command_id uuid not null,"
    " order_id uuid not null, device_id uuid not null, store_id uuid not null,"
    " wave integer not null, state text not null check (state in ('held', 'init', 'executing',"
    " 'successful', 'failed', 'expired', 'refused', 'stopped')), code text not null default '',"
    " detail text not null default '', changed_at timestamptz not null,"
    " primary key (tenant_id, command_id), unique (tenant_id, order_id, device_id),"
    " foreign key (tenant_id, order_id) references fleet_order,"
    " foreign key (tenant_id, device_id) references device,"
    " foreign key (tenant_id, store_id) references store)"
)
_OPEN = (
    "create index fleet_command_open on fleet_command (tenant_id, device_id)"
    " where state in ('init', 'executing')"
)
_RUNNING = "create index fleet_order_open on fleet_order (tenant_id) where state = 'running'"
_HALT = (
    "create table fleet_halt (tenant_id uuid not null primary key references tenant,"
    " halted boolean not null, author text not null, why text not null,"
    " said_at timestamptz not null)"
)


def upgrade() -> None:
    """Make the tables and close them."""
    for statement in (_SESSION, _LAYERS, _LAYERS_OF, _TOLD, _ORDERS, _COMMANDS, _OPEN, _RUNNING):
        op.execute(statement)
    op.execute(_HALT)
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
