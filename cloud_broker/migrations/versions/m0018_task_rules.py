"""A completion carries the rule it was given by: changing a task takes nothing back."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Add the column; what was given before stays as it is."""
    op.execute("alter table task_completion add column rule jsonb")


def downgrade() -> None:
    """Refuse: what members were given must be known."""
    raise NotImplementedError
