"""People of a region, of a store, and technicians; each sees no more than is theirs."""

from alembic import op

from cloud_broker.migrations import reach

revision = "0041"
down_revision = "0043"
branch_labels = None
depends_on = None

GRANTS: dict[str, str] = {}
# `place` is a region or a store; people of the whole chain have none.
_PLACE = "alter table hq_user add column place uuid"
_ROLE = (
    "alter table hq_user drop constraint hq_user_role_check, add constraint hq_user_role_check"
    " check (role in ('admin', 'operations', 'marketing', 'auditor', 'region', 'store',"
    " 'technician')), add constraint hq_user_place_check check (case when role in"
    " ('region', 'store') then place is not null else place is null or role = 'technician' end)"
)
# Whoever acts goes into the chain of acts, which takes the hash of its newest row and no more.
_HEAD = """
create function audit_head() returns table (n bigint, hash bytea)
language sql stable security definer set search_path = pg_catalog, public as $$
  select a.n, a.hash from public.audit a
  where a.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
  order by a.n desc limit 1
$$
"""


def upgrade() -> None:
    """Add the roles and close every table to who sees but a part."""
    for statement in (_PLACE, _ROLE, _HEAD):
        op.execute(statement)
    op.execute("revoke all on function audit_head() from public")
    op.execute("grant execute on function audit_head() to regulars_app")
    reach.close(op.get_bind())


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
