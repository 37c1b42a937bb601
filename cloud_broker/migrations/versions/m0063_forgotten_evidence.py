"""Who is erased leaves no evidence of who she was, and no set-apart order holds that up."""

from pathlib import Path

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}
_SQL = Path(__file__).parents[1] / "sql" / "0063_forgotten_evidence.sql"


def upgrade() -> None:
    """Replace one guard and add one function."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
