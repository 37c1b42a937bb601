"""Months of the event log: rows without one move into theirs, old months can be put away."""

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}
_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Replace the function that makes partitions, and let it sort what lies without a month."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute((_SQL / "0028_event_months.sql").read_text(encoding="utf-8"))
    op.execute("select make_event_partitions(3)")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
