"""Keys of partner systems may end by themselves."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Say when a key ends; those there are go on until somebody ends them."""
    op.execute("alter table api_key add column expires_at timestamptz")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
