"""How often members used rules that may be used only so often, summed by day."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

GRANTS = {"rule_use": "select, insert, update"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the table; sales told before it named no uses."""
    op.execute(
        "create table rule_use (tenant_id uuid not null, member_id uuid not null,"
        " rule text not null, business_date date not null,"
        " uses bigint not null check (uses > 0),"
        " primary key (tenant_id, member_id, rule, business_date))"
    )
    op.execute("alter table rule_use enable row level security")
    op.execute("alter table rule_use force row level security")
    op.execute(f"create policy own_tenant on rule_use using ({_OWN}) with check ({_OWN})")
    op.execute(f"grant {GRANTS['rule_use']} on rule_use to regulars_app")


def downgrade() -> None:
    """Refuse: caps that were reached would be open again."""
    raise NotImplementedError
