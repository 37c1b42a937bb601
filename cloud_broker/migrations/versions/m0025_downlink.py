"""Feeds that are pruned, snapshots for who missed more, visitors who leave, small catalogues."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

GRANTS = {
    "interest": "select, insert, update, delete",
    "feed": "select, insert, delete",
    "store_snapshot": "select, insert, update",
    "snapshot_segment": "select, insert, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
_STATEMENTS = (
    # When a store last had to do with her; null: not since she came into its set.
    "alter table interest add column seen_at timestamptz",
    "create index interest_oldest on interest (tenant_id, coalesce(seen_at, since))",
    "grant update, delete on interest to regulars_app",
    # Rows of members up to this position may be gone.
    "alter table store_feed add column pruned bigint not null default 0",
    "drop trigger feed_is_append_only on feed",
    (
        "create trigger feed_is_append_only before update or truncate on feed"
        " for each statement execute function refuse_change()"
    ),
    "grant delete on feed to regulars_app",
    (
        "create table store_snapshot (tenant_id uuid not null, store_id uuid not null,"
        " wanted_at timestamptz, made_at timestamptz, base bigint not null default 0,"
        " manifest bytea, primary key (tenant_id, store_id),"
        " foreign key (tenant_id, store_id) references store)"
    ),
    (
        "create index store_snapshot_wanted on store_snapshot (tenant_id, wanted_at)"
        " where wanted_at is not null"
    ),
    (
        "create table snapshot_segment (tenant_id uuid not null, store_id uuid not null,"
        " sha256 bytea not null check (length(sha256) = 32), made_at timestamptz not null,"
        " content bytea not null, primary key (tenant_id, store_id, sha256),"
        " foreign key (tenant_id, store_id) references store)"
    ),
    # Parts of it are read by their place; what is compressed already cannot be read so otherwise.
    "alter table snapshot_segment alter column content set storage external",
    (
        "alter table publication add column base bigint not null default 0,"
        " add column base_sha256 bytea, add column delta bytea"
    ),
)


def upgrade() -> None:
    """Widen what there is, make the new tables and close them."""
    for statement in _STATEMENTS:
        op.execute(statement)
    for table in ("store_snapshot", "snapshot_segment"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {GRANTS[table]} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: rows that were pruned do not come back."""
    raise NotImplementedError
