"""What a restored cloud has heard of its boxes, rights asked for elsewhere, documents in force."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

GRANTS = {
    "cloud_restore": "select, update",
    "restore_box": "select, insert, update",
    "lease_wanted": "select, insert, update, delete",
    "document_seen": "select, insert, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; only the restore itself, as the owner, begins an epoch."""
    op.execute(
        "create table cloud_restore (tenant_id uuid not null, epoch bigint not null"
        " check (epoch > 0), backup_at timestamptz not null, restored_at timestamptz not null,"
        " thawed_at timestamptz, thawed_by text, primary key (tenant_id, epoch))"
    )
    # What a box said when it heard of a restore, and whether all it kept has arrived again.
    op.execute(
        "create table restore_box (tenant_id uuid not null, epoch bigint not null,"
        " device_id uuid not null, said_at timestamptz, journal_epoch bigint, head_seq bigint,"
        " kept_from bigint, lost_low bigint, lost_high bigint, catalogue_version bigint,"
        " bundle_version bigint, leases integer, settled_at timestamptz, excused_by text,"
        " excused_because text, primary key (tenant_id, epoch, device_id))"
    )
    # A box asked for a right that lies in other stores; it is lent when it has come back.
    op.execute(
        "create table lease_wanted (tenant_id uuid not null, kind text not null,"
        " right_id uuid not null, device_id uuid not null, amount bigint not null"
        " check (amount > 0), asked_at timestamptz not null, until_at timestamptz not null,"
        " primary key (tenant_id, kind, right_id, device_id))"
    )
    # When each box first said that a catalogue or a bundle is in force there.
    op.execute(
        "create table document_seen (tenant_id uuid not null, kind text not null,"
        " version bigint not null, device_id uuid not null, seen_at timestamptz not null,"
        " primary key (tenant_id, kind, version, device_id))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: what boxes have not said yet must be known."""
    raise NotImplementedError
