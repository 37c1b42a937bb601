"""A day's receipts and postings are found without an index that each sale has to write."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Rows come in about the order of their days, so a summary of each range of pages is enough."""
    for table in ("receipt", "posting"):
        op.execute(
            f"create index {table}_day on {table} using brin (business_date)"
            " with (pages_per_range = 32, autosummarize = on)"
        )


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
