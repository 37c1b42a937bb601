"""What waits for a second person's word about faces, and which signed requests were taken."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GRANTS = {
    "face_proposal": "select, insert, update",
    # To lock rows that are about to go takes the right to change them.
    "phone_request": "select, insert, update, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; nobody seconds himself, and one proposal waits a store."""
    op.execute(
        "create table face_proposal (tenant_id uuid not null, proposal_id uuid not null,"
        " store_id uuid not null, act text not null check (act in ('enable', 'walk_up')),"
        " base_version bigint not null, assessment text not null check (assessment <> ''),"
        " signage text not null check (signage <> ''),"
        " approved_by text not null check (approved_by <> ''),"
        " approved_on text not null check (approved_on <> ''),"
        " proposed_by uuid not null, proposer text not null, proposed_at timestamptz not null,"
        " state text not null default 'open'"
        " check (state in ('open', 'confirmed', 'withdrawn', 'superseded')),"
        " settled_by uuid, settled_at timestamptz,"
        " primary key (tenant_id, proposal_id),"
        " foreign key (tenant_id, store_id) references store,"
        " foreign key (tenant_id, proposed_by) references hq_user,"
        " foreign key (tenant_id, settled_by) references hq_user,"
        " check (state <> 'confirmed' or (settled_by is not null and settled_by <> proposed_by)))"
    )
    op.execute(
        "create unique index face_proposal_open on face_proposal (tenant_id, store_id)"
        " where state = 'open'"
    )
    op.execute(
        "create table phone_request (tenant_id uuid not null references tenant,"
        " key_id bytea not null, nonce bytea not null, dead_at timestamptz not null,"
        " primary key (tenant_id, key_id, nonce))"
    )
    op.execute("create index phone_request_dead on phone_request (tenant_id, dead_at)")
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: who seconded what is evidence."""
    raise NotImplementedError
