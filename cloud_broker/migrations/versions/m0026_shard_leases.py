"""Who works which shard: workers with a seat each, and the shards they hold.

Both tables are the system's and no tenant's: a worker serves every tenant, and a row says nothing
of any of them. A worker's transactions hold its row by `for key share`; whoever takes its place
deletes the row, which waits for those and undoes every later one.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

GRANTS = {
    "ingest_worker": "select, insert, update, delete",
    "shard_lease": "select, update",
}
# Without a tenant in the key, and open to every transaction of the application.
SYSTEM = ("ingest_worker", "shard_lease")
_WORKER = (
    "create table ingest_worker (token bigint generated always as identity primary key,"
    " slot smallint not null unique check (slot >= 0), boot_id uuid not null,"
    " since timestamptz not null default now(), alive_until timestamptz not null)"
)
_LEASE = (
    "create table shard_lease (shard smallint primary key check (shard between 0 and 63),"
    " token bigint references ingest_worker on delete set null, moved bigint not null default 0)"
)


def upgrade() -> None:
    """Make the tables, with every shard free."""
    for statement in (_WORKER, _LEASE):
        op.execute(statement)
    op.execute("insert into shard_lease (shard) select generate_series(0, 63)")
    op.execute("create index shard_lease_token on shard_lease (token)")
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy everyone on {table} using (true) with check (true)")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
