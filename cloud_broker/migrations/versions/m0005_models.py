"""Bundles of models as published to the boxes, and the weights they name."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GRANTS = {"model_bundle": "select, insert", "model_file": "select, insert"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; a publication may be of models."""
    op.execute(
        "create table model_bundle (tenant_id uuid not null references tenant,"
        " version bigint not null check (version > 0), signed bytea not null,"
        " sha256 bytea not null, created_at timestamptz not null, created_by text not null,"
        " primary key (tenant_id, version))"
    )
    # Weights are named by what they are: two bundles with the same net hold it once.
    op.execute(
        "create table model_file (tenant_id uuid not null references tenant,"
        " sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'), content bytea not null,"
        " created_at timestamptz not null, primary key (tenant_id, sha256))"
    )
    op.execute(
        "alter table publication drop constraint publication_kind_check,"
        " add constraint publication_kind_check check (kind in ('catalogue', 'bundle', 'models'))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Refuse: boxes hold what was published."""
    raise NotImplementedError
