"""Codes that tills sold and no article has: found without reading every line ever sold."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Make the index."""
    op.execute(
        "create index receipt_line_unknown on receipt_line (tenant_id, sku)"
        " where article_id is null and sku <> ''"
    )


def downgrade() -> None:
    """Drop it again."""
    op.execute("drop index receipt_line_unknown")
