"""Secrets of digit codes, and the first use of every one-time proof."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GRANTS = {
    "digit_secret": "select, insert, update, delete",
    "proof_use": "select, insert",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; a replayed proof waits in the repair queue."""
    # A table of its own: no list of members reads the secrets by the way.
    op.execute(
        "create table digit_secret (tenant_id uuid not null, member_id uuid not null,"
        " secret bytea not null check (length(secret) = 20), created_at timestamptz not null,"
        " primary key (tenant_id, member_id),"
        " foreign key (tenant_id, member_id) references member)"
    )
    # What boxes send carries no foreign key: it must be storable whatever order things arrive in.
    op.execute(
        "create table proof_use (tenant_id uuid not null,"
        " proof bytea not null check (length(proof) = 32), event_id uuid not null,"
        " kind text not null, member_id uuid, store_id uuid not null, device_id uuid not null,"
        " wall_ms bigint not null, received_at timestamptz not null,"
        " primary key (tenant_id, proof))"
    )
    op.execute(
        "alter table repair_queue drop constraint repair_queue_kind_check,"
        " add constraint repair_queue_kind_check"
        " check (kind in ('frame', 'event', 'chain', 'person', 'member', 'proof'))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
    op.execute(
        "create trigger proof_use_is_append_only before update or delete or truncate on proof_use"
        " for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    """Refuse: a secret that was handed out is not taken back by dropping its table."""
    raise NotImplementedError
