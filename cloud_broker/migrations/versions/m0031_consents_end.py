"""Consents end three years after nothing rests on them; until then nobody deletes one."""

from pathlib import Path

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}
_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Let one function of the owner's forget, and nobody else."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute((_SQL / "0031_consents_end.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Refuse: what was forgotten does not come back."""
    raise NotImplementedError
