"""Master data: prices by day and place, warehouses, stock, imports, partners' keys."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

GRANTS = {
    "article_price": "select, insert",
    "master_revision": "select, insert",
    "warehouse": "select, insert, update",
    "stock_level": "select, insert, update, delete",
    "stock_due": "select, insert, delete",
    "master_version": "select, insert, update",
    "master_import": "select, insert, update",
    "api_key": "select, insert, update",
    "recommendation_table": "select, insert",
    "legal_entity": "select, insert, update",
}
CLOSED_BEFORE = {"legal_entity"}
APPEND_ONLY = ("article_price", "master_revision", "recommendation_table")
KINDS = "'catalogue', 'bundle', 'models', 'stock', 'recommendations'"
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"

_SQL = Path(__file__).parents[1] / "sql" / "0011_master_data.sql"
# The owner sees no tenant's rows either, so the guard is lifted for this one statement.
_PRICES_SO_FAR = (
    "alter table article_revision no force row level security",
    (
        "insert into article_price (tenant_id, article_id, scope, effective_from, price_fen,"
        " created_at) select tenant_id, article_id, '', effective_from, price_fen, created_at"
        " from article_revision order by revision"
    ),
    "alter table article_revision force row level security",
)


def upgrade() -> None:
    """Make the tables, carry the prices over, and close them."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(_SQL.read_text(encoding="utf-8"))
    for statement in _PRICES_SO_FAR:
        op.execute(statement)
    op.execute(
        "alter table publication drop constraint publication_kind_check,"
        f" add constraint publication_kind_check check (kind in ({KINDS}))"
    )
    for table, privileges in GRANTS.items():
        op.execute(f"grant {privileges} on {table} to regulars_app")
        if table in CLOSED_BEFORE:
            continue
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Refuse: prices that held must be known."""
    raise NotImplementedError
