"""While a restore is not thawed, a coupon or budget may be lent before its own gift is known."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}


def upgrade() -> None:
    """Let free be below zero only while boxes still tell what a restore has lost."""
    op.execute("alter table lease_right drop constraint lease_right_free_check")
    op.execute(
        "create function refuse_negative_right() returns trigger language plpgsql as $$ begin"
        " if not exists (select 1 from cloud_restore where tenant_id = new.tenant_id"
        " and thawed_at is null) then raise exception 'a right cannot be below zero'"
        " using errcode = 'check_violation'; end if; return new; end $$"
    )
    op.execute(
        "create trigger lease_right_is_covered before insert or update on lease_right"
        " for each row when (new.free < 0) execute function refuse_negative_right()"
    )


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
