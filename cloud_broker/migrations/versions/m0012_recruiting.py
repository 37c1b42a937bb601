"""Codes by SMS, and the summary of known persons as published to the boxes."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

GRANTS = {
    "sms_code": "select, insert, update, delete",
    "person_filter": "select, insert, update, delete",
}
KINDS = "'catalogue', 'bundle', 'models', 'stock', 'recommendations', 'persons'"
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; a code is a keyed hash, a number is not there at all."""
    op.execute(
        "create table sms_code (tenant_id uuid not null, code_id uuid not null,"
        " member_id uuid not null, store_id uuid not null, device_id uuid not null,"
        " lane text not null, phone_hash bytea not null check (length(phone_hash) = 32),"
        " code_hash bytea not null check (length(code_hash) = 32),"
        " created_at timestamptz not null, expires_at timestamptz not null,"
        " tries smallint not null default 0 check (tries between 0 and 5),"
        " ended_at timestamptz, primary key (tenant_id, code_id),"
        " foreign key (tenant_id, member_id) references member)"
    )
    op.execute("create index sms_code_of_phone on sms_code (tenant_id, phone_hash, created_at)")
    op.execute("create index sms_code_of_device on sms_code (tenant_id, device_id, created_at)")
    op.execute("create index sms_code_of_member on sms_code (tenant_id, member_id, created_at)")
    # The newest version holds its whole content; each holds what it added to the one before.
    op.execute(
        "create table person_filter (tenant_id uuid not null references tenant,"
        " version bigint not null check (version > 0), sha256 bytea not null,"
        " size bigint not null, persons bigint not null, capacity bigint not null,"
        " content bytea, additions bytea, scanned_at timestamptz not null,"
        " created_at timestamptz not null, created_by text not null,"
        " primary key (tenant_id, version))"
    )
    # Half of its bits are set at random: nothing there to be compressed.
    op.execute("alter table person_filter alter column content set storage external")
    op.execute("create index identity_by_age on identity (tenant_id, kind, created_at)")
    op.execute(
        "alter table publication drop constraint publication_kind_check,"
        f" add constraint publication_kind_check check (kind in ({KINDS}))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: boxes hold what was published."""
    raise NotImplementedError
