"""Check-ins of members' phones at a lane."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GRANTS = {"checkin": "select, insert, update, delete"}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the table and close it; who stood where is working state and is forgotten in time."""
    op.execute(
        "create table checkin (tenant_id uuid not null, checkin_id uuid not null,"
        " member_id uuid not null, store_id uuid not null, till_id uuid not null,"
        " number smallint not null check (number between 10 and 99), code text not null,"
        " opened_at timestamptz not null, expires_at timestamptz not null, told_at timestamptz,"
        " outcome text not null default '' check"
        " (outcome in ('', 'shown', 'busy', 'expired', 'refused', 'superseded')),"
        " answered_at timestamptz, primary key (tenant_id, checkin_id),"
        " foreign key (tenant_id, member_id) references member,"
        " foreign key (tenant_id, till_id) references till)"
    )
    op.execute("create index checkin_of_member on checkin (tenant_id, member_id, opened_at)")
    op.execute("create index checkin_untold on checkin (tenant_id) where told_at is null")
    op.execute("create index checkin_by_age on checkin (tenant_id, opened_at)")
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
