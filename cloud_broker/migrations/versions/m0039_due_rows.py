"""What a sale leaves to be done is a row of its own: booking waits for nobody who works it off.

With one row a wallet or clerk's day, whoever worked it had it deleted until its transaction ended,
and the next sale of the same member stood there and waited for that, and all other shops behind it.
"""

from alembic import op

revision = "0039"
down_revision = "0035"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}

_NUMBERED = (
    "alter table {table} drop constraint {table}_pkey,"
    " add column due_id bigint generated always as identity,"
    " add primary key (tenant_id, due_id)"
)


def upgrade() -> None:
    """Give the rows of both lists numbers; what stands there keeps standing there."""
    for table in ("placement_due", "clerk_watch_due"):
        op.execute(_NUMBERED.format(table=table))
    op.execute("drop index placement_next")


def downgrade() -> None:
    """Refuse: what is due must be known."""
    raise NotImplementedError
