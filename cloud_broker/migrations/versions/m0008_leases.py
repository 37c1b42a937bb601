"""Leases: who may spend for a device, what was lent to it, and what of it was spent."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

GRANTS = {
    "lease_tenure": "select, insert, update",
    "lease_handshake": "select, insert, update, delete",
    "lease_right": "select, insert, update",
    "lease": "select, insert, update",
    "lease_spend": "select, insert",
    "lease_refund": "select, insert",
}
APPEND_ONLY = ("lease_spend", "lease_refund")
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_SHAKE = (
    "board bytea not null, boot_id uuid not null, journal_epoch bigint not null,"
    " seq bigint not null"
)
_KEY = (
    "tenant_id uuid not null, kind text not null, right_id uuid not null, device_id uuid not null,"
    " epoch bigint not null, nth bigint not null"
)
_OF_LEASE = "foreign key (tenant_id, kind, right_id, device_id, epoch, nth) references lease"


def upgrade() -> None:
    """Make the tables and close them; a lease never lends nothing, and knows its state."""
    op.execute(
        "create table lease_tenure (tenant_id uuid not null, device_id uuid not null,"
        f" epoch bigint not null check (epoch > 0), {_SHAKE}, breaks integer not null,"
        " frozen boolean not null, past jsonb not null, updated_at timestamptz not null,"
        " primary key (tenant_id, device_id))"
    )
    # A handshake that waits for the rest of its journal.
    op.execute(
        f"create table lease_handshake (tenant_id uuid not null, device_id uuid not null, {_SHAKE},"
        " primary key (tenant_id, device_id))"
    )
    # What is free of a coupon or a budget; free points stand in the wallet's account.
    op.execute(
        "create table lease_right (tenant_id uuid not null,"
        " kind text not null check (kind in ('coupon', 'budget')), right_id uuid not null,"
        " free bigint not null check (free >= 0), primary key (tenant_id, kind, right_id))"
    )
    _make_leases()
    # A fenced or doubled device, a spend told too late: for a person to see.
    op.execute(
        "alter table repair_queue drop constraint repair_queue_kind_check,"
        " add constraint repair_queue_kind_check"
        " check (kind in ('frame', 'event', 'chain', 'person', 'member', 'proof', 'books',"
        " 'lease', 'price'))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def _make_leases() -> None:
    op.execute(
        f"create table lease ({_KEY}, amount bigint not null check (amount > 0),"
        " cover bigint not null check (cover between 0 and amount),"
        " state text not null check (state in ('open', 'fenced', 'closed', 'reclaimed', 'lost')),"
        " boot_id uuid, until_mono_ms bigint, reclaim_ms bigint, updated_at timestamptz not null,"
        " check (kind in ('points', 'coupon', 'budget')),"
        " check (boot_id is null or kind = 'points'),"
        " check ((boot_id is null) = (until_mono_ms is null)"
        " and (boot_id is null) = (reclaim_ms is null)),"
        " primary key (tenant_id, kind, right_id, device_id, epoch, nth))"
    )
    op.execute(
        "create index lease_lent on lease (tenant_id, device_id) where state in ('open', 'fenced')"
    )
    op.execute(
        "create index lease_due on lease (tenant_id, reclaim_ms)"
        " where state in ('open', 'fenced') and reclaim_ms is not null"
    )
    op.execute(
        f"create table lease_spend ({_KEY}, receipt_id uuid not null,"
        " amount bigint not null check (amount > 0),"
        f" primary key (tenant_id, kind, right_id, device_id, epoch, nth, receipt_id), {_OF_LEASE})"
    )
    op.execute(
        f"create table lease_refund ({_KEY}, refund_id uuid not null, receipt_id uuid not null,"
        " amount bigint not null check (amount > 0),"
        f" primary key (tenant_id, kind, right_id, device_id, epoch, nth, refund_id), {_OF_LEASE})"
    )


def downgrade() -> None:
    """Refuse: what is lent out must be known."""
    raise NotImplementedError
