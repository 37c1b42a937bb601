"""Coupons and gifts that ended because two members were one can return when they are parted."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Tell a merge's ending from the others; what ended before stays ended."""
    for table in ("member_coupon", "member_gift"):
        op.execute(f"alter table {table} drop constraint {table}_ended_check")
        op.execute(
            f"alter table {table} add constraint {table}_ended_check"
            " check (ended in ('taken', 'expired', 'merged'))"
        )


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
