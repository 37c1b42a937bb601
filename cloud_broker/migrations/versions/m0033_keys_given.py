"""Whoever is given a new phone link or a card by a clerk is looked at by a person."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Let an alert say so."""
    op.execute("alter table clerk_alert drop constraint clerk_alert_kind_check")
    op.execute(
        "alter table clerk_alert add constraint clerk_alert_kind_check"
        " check (kind in ('own_card', 'harvest', 'own_claim', 'key_given'))"
    )


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
