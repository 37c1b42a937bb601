"""Codes that let boxes in, the certificates boxes have, and how a till is wired."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

GRANTS = {
    "enrol_code": "select, insert, update",
    "box_certificate": "select, insert, update",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
# The hash is keyed: 50 bits that stood here bare would be found in an hour.
_CODES = (
    "create table enrol_code (tenant_id uuid not null,"
    " code_hash bytea not null check (length(code_hash) = 32), store_id uuid not null,"
    " slot smallint not null check (slot > 0), replaces boolean not null,"
    " issued_by text not null, issued_at timestamptz not null, expires_at timestamptz not null,"
    " used_at timestamptz, device_id uuid, primary key (tenant_id, code_hash),"
    " foreign key (tenant_id, store_id) references store,"
    " foreign key (tenant_id, device_id) references device)"
)
# A serial number has 159 bits, more than any integer of the database.
_CERTIFICATES = (
    "create table box_certificate (tenant_id uuid not null,"
    " fingerprint bytea not null check (length(fingerprint) = 32), device_id uuid not null,"
    " key_hash bytea not null check (length(key_hash) = 32), serial bytea not null,"
    " content bytea not null, since_at timestamptz not null, until_at timestamptz not null,"
    " how text not null check (how in ('enrol', 'renew', 'late')),"
    " issued_at timestamptz not null, revoked_at timestamptz,"
    " primary key (tenant_id, fingerprint), unique (tenant_id, key_hash),"
    " foreign key (tenant_id, device_id) references device)"
)
_BY_DEVICE = "create index box_certificate_of on box_certificate (tenant_id, device_id, until_at)"
_WIRED = (
    "alter table till add column port text not null default '',"
    " add column printer text not null default ''"
)
_KINDS = (
    "alter table repair_queue drop constraint repair_queue_kind_check,"
    " add constraint repair_queue_kind_check"
    " check (kind in ('frame', 'event', 'chain', 'person', 'member', 'proof', 'books',"
    " 'price', 'lease', 'till', 'enrol'))"
)


def upgrade() -> None:
    """Make the tables and close them."""
    for statement in (_CODES, _CERTIFICATES, _BY_DEVICE, _WIRED, _KINDS):
        op.execute(statement)
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
