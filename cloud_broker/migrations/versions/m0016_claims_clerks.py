"""Receipts claimed later, who recruited whom, clerks' own memberships, and alerts about them."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

GRANTS = {
    "receipt_claim": "select, insert",
    "clerk_watch_due": "select, insert, update, delete",
    "clerk_alert": "select, insert, update",
}
APPEND_ONLY = ("receipt_claim",)
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them; who recruited a member stands in her event."""
    op.execute("create index lease_spend_of_receipt on lease_spend (tenant_id, receipt_id)")
    # Once for a receipt, whoever asks at the same moment.
    op.execute(
        "create table receipt_claim (tenant_id uuid not null, receipt_id uuid not null,"
        " member_id uuid not null, wallet_id uuid not null, points bigint not null,"
        " claimed_at timestamptz not null, primary key (tenant_id, receipt_id))"
    )
    op.execute("create index receipt_claim_of_member on receipt_claim (tenant_id, member_id)")
    op.execute("alter table operator add column member_id uuid")
    op.execute("alter table member add column recruited_by uuid")
    for table in ("member", "event_log"):
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "update member m set recruited_by = e.operator_id from event_log e"
        " where e.tenant_id = m.tenant_id and e.member_id = m.member_id"
        " and e.type = 'member.enrolled' and e.operator_id is not null"
    )
    for table in ("event_log", "member"):
        op.execute(f"alter table {table} force row level security")
    op.execute(
        "create index receipt_of_operator on receipt (tenant_id, operator_id, business_date)"
        " where operator_id is not null"
    )
    op.execute(
        "create table clerk_watch_due (tenant_id uuid not null, operator_id uuid not null,"
        " business_date date not null, since timestamptz not null,"
        " primary key (tenant_id, operator_id, business_date))"
    )
    op.execute(
        "create table clerk_alert (tenant_id uuid not null, operator_id uuid not null,"
        " member_id uuid not null, business_date date not null,"
        " kind text not null check (kind in ('own_card', 'harvest', 'own_claim')),"
        " sales integer not null check (sales > 0), receipts uuid[] not null,"
        " first_ms bigint not null, last_ms bigint not null, raised_at timestamptz not null,"
        " acknowledged_by text not null default '', acknowledged_at timestamptz,"
        " note text not null default '',"
        " primary key (tenant_id, operator_id, member_id, business_date, kind))"
    )
    op.execute("create index clerk_alert_latest on clerk_alert (tenant_id, raised_at desc)")
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Refuse: what was claimed must be known."""
    raise NotImplementedError
