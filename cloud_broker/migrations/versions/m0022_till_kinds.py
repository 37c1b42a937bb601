"""Tills that ask in frames, and tills whose own software is talked to."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Widen what a till may be."""
    op.execute(
        "alter table till drop constraint till_kind_check, add constraint till_kind_check"
        " check (kind in ('api', 'escpos', 'framed', 'software'))"
    )


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
