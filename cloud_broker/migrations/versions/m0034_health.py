"""How boxes are over time, what is wrong with them, and whom that is told."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

GRANTS = {
    "box_vitals": "select, insert, update, delete",
    "box_issue": "select, insert, update, delete",
    "alert_rule": "select, insert, update",
    "alert": "select, insert, update, delete",
    "alert_post": "select, insert, update, delete",
}
_OWN = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
# The newest figures ride with the newest presence: no statement more for a heartbeat.
_NEWEST = "alter table device_state add column vitals jsonb not null default '{}'"
# A row is the worst of its span; which span that is follows from its age.
_VITALS = (
    "create table box_vitals (tenant_id uuid not null, device_id uuid not null,"
    " since_at timestamptz not null, temperature_c bigint, disk_free_percent bigint,"
    " memory_free_percent bigint, queue_depth bigint, queue_age_s bigint, journal_ms bigint,"
    " clock_off_ms bigint, throttled bigint, card_life_percent bigint, faces bigint,"
    " primary key (tenant_id, device_id, since_at),"
    " foreign key (tenant_id, device_id) references device)"
)
_ISSUES = (
    "create table box_issue (tenant_id uuid not null, device_id uuid not null, code text not null,"
    " subject text not null, raised_at timestamptz not null, store_id uuid not null,"
    " fields jsonb not null, cleared_at timestamptz,"
    " primary key (tenant_id, device_id, code, subject, raised_at),"
    " foreign key (tenant_id, device_id) references device,"
    " foreign key (tenant_id, store_id) references store)"
)
_ISSUES_OPEN = (
    "create unique index box_issue_open on box_issue (tenant_id, device_id, code, subject)"
    " where cleared_at is null"
)
_ISSUES_OF = "create index box_issue_of on box_issue (tenant_id, store_id, raised_at)"
_RULES = (
    "create table alert_rule (tenant_id uuid not null, rule_id uuid not null, name text not null,"
    " severity text not null check (severity in ('warns', 'hinders', 'stops')),"
    " code text not null, region_id uuid, kind text not null check (kind in ('webhook', 'email')),"
    " target text not null, generation integer not null default 1, rotated_at timestamptz,"
    " made_by text not null, made_at timestamptz not null, ended_at timestamptz,"
    " primary key (tenant_id, rule_id),"
    " foreign key (tenant_id, region_id) references region)"
)
# Without a store it is of the whole chain: its line is down.
_ALERTS = (
    "create table alert (tenant_id uuid not null, alert_id uuid not null, store_id uuid,"
    " code text not null, subject text not null, severity text not null, fields jsonb not null,"
    " raised_at timestamptz not null, opened_at timestamptz not null, away_at timestamptz,"
    " cleared_at timestamptz, primary key (tenant_id, alert_id),"
    " foreign key (tenant_id, store_id) references store)"
)
_ALERTS_OPEN = (
    "create unique index alert_open on alert"
    " (tenant_id, coalesce(store_id, '00000000-0000-0000-0000-000000000000'), code, subject)"
    " where cleared_at is null"
)
_POSTS = (
    "create table alert_post (tenant_id uuid not null, post_id uuid not null,"
    " rule_id uuid not null, alert_id uuid,"
    " what text not null check (what in ('raised', 'cleared', 'test')), body text not null,"
    " made_at timestamptz not null, next_at timestamptz not null, tries integer not null default 0,"
    " sent_at timestamptz, given_up_at timestamptz, reason text not null default '',"
    " primary key (tenant_id, post_id), foreign key (tenant_id, rule_id) references alert_rule,"
    " foreign key (tenant_id, alert_id) references alert on delete cascade)"
)
_POSTS_DUE = (
    "create index alert_post_due on alert_post (tenant_id, next_at)"
    " where sent_at is null and given_up_at is null"
)
_POSTS_OF = "create index alert_post_of on alert_post (tenant_id, alert_id)"


def upgrade() -> None:
    """Make the tables and close them."""
    for statement in (_NEWEST, _VITALS, _ISSUES, _ISSUES_OPEN, _ISSUES_OF):
        op.execute(statement)
    for statement in (_RULES, _ALERTS, _ALERTS_OPEN, _POSTS, _POSTS_DUE, _POSTS_OF):
        op.execute(statement)
    for table, privileges in GRANTS.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own_tenant on {table} using ({_OWN}) with check ({_OWN})")
        op.execute(f"grant {privileges} on {table} to regulars_app")


def downgrade() -> None:
    """Refuse: migrations go forward."""
    raise NotImplementedError
