"""Who may recognise faces, in which boxes templates rest, and the receipts of their erasure."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GRANTS = {
    "face_enablement": "select, insert",
    "face_holding": "select, insert, update, delete",
    "erasure_receipt": "select, insert",
}
APPEND_ONLY = ("face_enablement", "erasure_receipt")
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; a consent is of a known kind and says which text."""
    # A decision is never changed: switching off is the next version.
    op.execute(
        "create table face_enablement (tenant_id uuid not null, store_id uuid not null,"
        " version bigint not null check (version > 0), enabled boolean not null,"
        " walk_up boolean not null, assessment text not null, signage text not null,"
        " approved_by text not null, approved_on text not null, signed bytea not null,"
        " decided_by text not null, decided_at timestamptz not null,"
        " primary key (tenant_id, store_id, version),"
        " foreign key (tenant_id, store_id) references store,"
        " check (not enabled or (assessment <> '' and signage <> '' and approved_by <> ''"
        " and approved_on <> '')), check (enabled or not walk_up))"
    )
    # That templates of a member rest in a store, how many and of which model: never what they are.
    op.execute(
        "create table face_holding (tenant_id uuid not null, store_id uuid not null,"
        " member_id uuid not null, templates integer not null check (templates > 0),"
        " model_id text not null, updated_at timestamptz not null,"
        " primary key (tenant_id, store_id, member_id))"
    )
    op.execute("create index face_holding_of_member on face_holding (tenant_id, member_id)")
    op.execute(
        "create table erasure_receipt (tenant_id uuid not null, event_id uuid not null,"
        " store_id uuid not null, device_id uuid not null, member_id uuid not null,"
        " cause text not null, content bytea not null,"
        " signature bytea not null check (length(signature) = 64),"
        " public_key bytea not null check (length(public_key) = 32),"
        " erased_ms bigint not null, received_at timestamptz not null,"
        " primary key (tenant_id, event_id))"
    )
    op.execute("create index erasure_receipt_of_member on erasure_receipt (tenant_id, member_id)")
    op.execute(
        "alter table consent add column age text not null default ''"
        " check (age in ('', '14+', 'under14')),"
        " add constraint consent_of_a_known_kind check (kind in"
        " ('membership', 'face.local', 'face.roaming', 'face.minor_guardian', 'marketing'))"
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


def downgrade() -> None:
    """Refuse: receipts of erasure are evidence."""
    raise NotImplementedError
