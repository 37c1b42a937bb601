"""Members say by a word of its own whether they may be recognised on walking up."""

from alembic import op

revision = "0044"
down_revision = "0041"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}
_KINDS = (
    "alter table consent drop constraint consent_of_a_known_kind,"
    " add constraint consent_of_a_known_kind check (kind in ('membership', 'face.local',"
    " 'face.roaming', 'face.walk_up', 'face.minor_guardian', 'marketing'))"
)


def upgrade() -> None:
    """Take one more kind of consent."""
    op.execute(_KINDS)


def downgrade() -> None:
    """Refuse: a word that was said stays."""
    raise NotImplementedError
