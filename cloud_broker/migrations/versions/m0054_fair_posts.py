"""Indexes that find each receiver's next messages, however long another's list is."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}

_UNSENT = "where sent_at is null and given_up_at is null"


def upgrade() -> None:
    """Put an index by receiver in the place of one over all."""
    op.execute("drop index hook_post_due")
    op.execute(f"create index hook_post_due on hook_post (tenant_id, hook_id, next_at) {_UNSENT}")
    op.execute("drop index alert_post_due")
    op.execute(f"create index alert_post_due on alert_post (tenant_id, rule_id, next_at) {_UNSENT}")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
