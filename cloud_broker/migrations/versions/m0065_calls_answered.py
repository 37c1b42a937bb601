"""What came of a call-back: a clerk at a till says so, and the first answer counts."""

from alembic import op

from cloud_broker.migrations import reach

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

# A table that is there already: what the programs may do with it stays.
GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Let a call keep its outcome, when and where it was said, and by whom."""
    op.execute(
        "alter table call_back"
        " add column outcome text not null default ''"
        " check (outcome in ('', 'done', 'not_reached', 'refused')),"
        " add column answered_ms bigint,"
        " add column store_id uuid,"
        " add column clerk_id uuid"
    )
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
