"""The plans by which tiers were judged, each from its day on, and birthdays that were given for."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

GRANTS = {
    "growth_plan": "select, insert",
    "birthday_given": "select, insert",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def upgrade() -> None:
    """Make the tables and close them."""
    op.execute(
        "create table growth_plan (tenant_id uuid not null, version bigint not null,"
        " since date not null, plan jsonb not null, primary key (tenant_id, version))"
    )
    # The birthday (a day of a year) for which a member was given something, once.
    op.execute(
        "create table birthday_given (tenant_id uuid not null, member_id uuid not null,"
        " day date not null, given_at timestamptz not null,"
        " primary key (tenant_id, member_id, day))"
    )
    # Month and day of the birthday nearest to the day it was last looked at, as shops are told.
    op.execute("alter table member_profile add column told smallint not null default 0")
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")
        op.execute(
            f"create trigger {table}_is_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )


def downgrade() -> None:
    """Refuse: what was given must be known."""
    raise NotImplementedError
