"""Frames of a backlog that are durable and acknowledged, and not booked yet."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

GRANTS = {"frame_waiting": "select, insert, update, delete"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
# `places` are the events of the frame that are still to be booked, counted from 0; null for all.
_FRAMES = (
    "create table frame_waiting (tenant_id uuid not null,"
    " pos bigint not null generated always as identity, shard smallint not null,"
    " device_id uuid not null, epoch bigint not null, first_seq bigint not null,"
    " last_seq bigint not null, places smallint[], received_ms bigint not null,"
    " topic text not null, payload bytea not null, primary key (tenant_id, pos),"
    " check (first_seq <= last_seq))"
)


def upgrade() -> None:
    """Make the table and close it; rows come and go, so it is swept more often than others."""
    op.execute(_FRAMES)
    # A frame travels packed: to pack it again costs time and wins nothing.
    op.execute("alter table frame_waiting alter column payload set storage external")
    op.execute(
        "alter table frame_waiting set (autovacuum_vacuum_scale_factor = 0,"
        " autovacuum_vacuum_threshold = 1000)"
    )
    op.execute(
        "create index frame_waiting_of_device on frame_waiting (tenant_id, device_id, epoch)"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: what waits was promised to its box."""
    raise NotImplementedError
