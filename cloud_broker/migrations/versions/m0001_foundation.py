"""Everything a tenant's key begins, the guards around it, and what the application may do."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"

# Table → what the application's role may do. Whatever is a record of the past has no update and no
# delete; what is derived or working state may be written over.
GRANTS = {
    "tenant": "select, insert",
    "tenant_slug": "select, insert",
    "legal_entity": "select, insert",
    "region": "select, insert",
    "store": "select, insert, update",
    "device": "select, insert, update",
    "till": "select, insert",
    "operator": "select, insert, update",
    "article": "select, insert",
    "article_revision": "select, insert",
    "catalogue_version": "select, insert",
    "rule_bundle": "select, insert",
    "publication": "select, insert, update",
    "wallet": "select, insert",
    "member": "select, insert, update",
    "identity": "select, insert",
    "credential": "select, insert, update",
    "consent": "select, insert",
    "claim": "select, insert, update",
    "event_key": "select, insert",
    "event_log": "select, insert",
    "receipt": "select, insert",
    "receipt_line": "select, insert",
    "posting": "select, insert",
    "account": "select, insert, update",
    "interest": "select, insert",
    "store_feed": "select, insert, update",
    "feed": "select, insert",
    "device_range": "select, insert, update",
    "device_state": "select, insert, update",
    "repair_queue": "select, insert, update",
    "name_review": "select, insert, update, delete",
    "name_map": "select, insert, update",
    "hq_user": "select, insert, update",
    "hq_session": "select, insert, delete",
    "audit": "select, insert",
}
APPEND_ONLY = (
    "consent",
    "event_key",
    "event_log",
    "receipt",
    "receipt_line",
    "posting",
    "feed",
    "audit",
    "article_revision",
    "catalogue_version",
    "rule_bundle",
)
# After a commit the setting is '' and not null, hence nullif.
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables, then close them."""
    for name in ("0001_tables.sql", "0001_guards.sql"):
        _run_script((_SQL / name).read_text(encoding="utf-8"))
    for table, privileges in GRANTS.items():
        _close(table)
        op.execute(f"grant {privileges} on {table} to regulars_app")
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )
    op.execute("create policy sign_in on tenant_slug for select using (true)")
    op.execute("grant execute on function make_event_partitions(integer) to regulars_app")
    op.execute("select make_event_partitions(3)")
    op.execute("grant select on alembic_version to regulars_app")


def downgrade() -> None:
    """There is nothing before the first; drop the database instead."""
    raise NotImplementedError


def _run_script(script: str) -> None:
    """Run several statements as they stand; SQLAlchemy would take their `%` for placeholders."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    driver.cursor().execute(script)


def _close(table: str) -> None:
    """Let nobody, not even the owner, see or write a row of another tenant."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
