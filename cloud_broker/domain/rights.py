"""Who of HQ may do what: roles, rights, and the right that each address needs.

An address that is not in the table is open to nobody, so that a forgotten one shows at once.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, get_args

from cloud_broker.domain.identity_needs import IDENTITY_NEEDS
from cloud_broker.domain.insight_addresses import INSIGHT_NEEDS
from cloud_broker.domain.privacy_needs import PRIVACY_NEEDS
from retail_core.catalog.masters import MasterKind

HqRole = Literal[
    "admin", "operations", "marketing", "auditor", "region", "store", "technician"
]  # fmt: skip
ROLES: tuple[HqRole, ...] = get_args(HqRole)
# Those who see one region or one store and no more; a technician may be given one.
PLACED: frozenset[str] = frozenset({"region", "store"})
MAY_BE_PLACED: frozenset[str] = PLACED | {"technician"}
# Whom a partner's key stands for; no right of the table below is theirs.
PARTNER: Final = "partner"
LOOKS_ONLY: frozenset[str] = frozenset({"auditor", PARTNER})


class Right(StrEnum):
    """What an address lets somebody see or do."""

    STORES = "stores"
    SALES = "sales"
    MEMBERS = "members"
    MEMBERS_CHANGE = "members-change"
    REPAIR = "repair"
    REPAIR_CHANGE = "repair-change"
    FACES = "faces"
    FACES_CHANGE = "faces-change"
    CLERKS = "clerks"
    CLERKS_CHANGE = "clerks-change"
    MALL = "mall"
    MALL_CHANGE = "mall-change"
    RULES = "rules"
    RULES_CHANGE = "rules-change"
    RULES_PUBLISH = "rules-publish"
    MASTERS = "masters"
    MASTERS_CHANGE = "masters-change"
    TILLS = "tills"
    ALERTS = "alerts"
    ALERTS_CHANGE = "alerts-change"
    BOXES = "boxes"
    BOXES_CHANGE = "boxes-change"
    TWINS = "twins"
    TWINS_CHANGE = "twins-change"
    COMMANDS = "commands"
    COMMANDS_GIVE = "commands-give"
    COMMANDS_STEER = "commands-steer"
    RELEASES = "releases"
    RELEASES_CHANGE = "releases-change"
    USERS = "users"
    USERS_CHANGE = "users-change"
    PARTNERS = "partners"
    PARTNERS_CHANGE = "partners-change"
    AUDIT = "audit"
    INSIGHT = "insight"
    IDENTITY_CHANGE = "identity-change"
    CAMPAIGNS_CHANGE = "campaigns-change"
    CAMPAIGNS_START = "campaigns-start"
    SEGMENTS_CHANGE = "segments-change"
    CLEANING_CHANGE = "cleaning-change"
    ROI_CHANGE = "roi-change"
    STOCK_PLANS_CHANGE = "stock-plans-change"


_OFFICE: frozenset[HqRole] = frozenset({"admin", "operations", "marketing", "auditor"})
_PLACES: frozenset[HqRole] = frozenset({"region", "store"})
_ALL: frozenset[HqRole] = frozenset(ROLES)
_RUNS: frozenset[HqRole] = frozenset({"admin", "operations"})
_OVERSEES: frozenset[HqRole] = frozenset({"admin", "auditor"})
_SEES_BOXES: frozenset[HqRole] = _RUNS | _PLACES | {"auditor", "technician"}

R = Right
MAY: Mapping[Right, frozenset[HqRole]] = MappingProxyType(
    {
        R.STORES: _ALL,
        R.SALES: _OFFICE | _PLACES,
        R.MEMBERS: _OFFICE,
        R.MEMBERS_CHANGE: _RUNS,
        R.REPAIR: _OFFICE,
        R.REPAIR_CHANGE: _RUNS | {"marketing"},
        R.FACES: _OFFICE,
        R.FACES_CHANGE: _RUNS,
        R.CLERKS: _OFFICE,
        R.CLERKS_CHANGE: _RUNS,
        R.MALL: _OFFICE,
        R.MALL_CHANGE: _RUNS,
        R.RULES: _OFFICE,
        R.RULES_CHANGE: _RUNS | {"marketing"},
        R.RULES_PUBLISH: _RUNS,
        R.MASTERS: _OFFICE,
        R.MASTERS_CHANGE: _RUNS,
        R.TILLS: _OFFICE,
        R.ALERTS: _OFFICE | _PLACES,
        R.ALERTS_CHANGE: _RUNS,
        R.BOXES: _SEES_BOXES | {"marketing"},
        R.BOXES_CHANGE: _RUNS,
        R.TWINS: _SEES_BOXES,
        R.TWINS_CHANGE: _RUNS,
        R.COMMANDS: _SEES_BOXES,
        R.COMMANDS_GIVE: _RUNS | {"technician"},
        R.COMMANDS_STEER: _RUNS,
        R.RELEASES: _RUNS | {"auditor"},
        R.RELEASES_CHANGE: _RUNS,
        R.USERS: _OVERSEES,
        R.USERS_CHANGE: frozenset({"admin"}),
        R.PARTNERS: _RUNS | {"auditor"},
        R.PARTNERS_CHANGE: frozenset({"admin"}),
        R.AUDIT: _OVERSEES,
        R.INSIGHT: _OFFICE,
        R.IDENTITY_CHANGE: _RUNS,
        R.CAMPAIGNS_CHANGE: _RUNS | {"marketing"},
        R.CAMPAIGNS_START: _RUNS,
        R.SEGMENTS_CHANGE: _RUNS | {"marketing"},
        R.CLEANING_CHANGE: _RUNS | {"marketing"},
        R.ROI_CHANGE: _RUNS | {"marketing"},
        R.STOCK_PLANS_CHANGE: _RUNS,
    }
)

# Method and address → right, for HQ's pages and for HQ's API.
NEEDS: Mapping[tuple[str, str], Right] = MappingProxyType(
    {
        ("GET", "/"): R.STORES,
        ("GET", "/console/stream"): R.STORES,
        ("POST", "/logout"): R.STORES,
        ("GET", "/stores/{store_id}"): R.STORES,
        ("GET", "/stores/{store_id}/boxes"): R.BOXES,
        ("POST", "/stores/{store_id}/boxes"): R.BOXES_CHANGE,
        ("POST", "/stores/{store_id}/boxes/revoke"): R.BOXES_CHANGE,
        ("GET", "/sales"): R.SALES,
        ("GET", "/sales.csv"): R.SALES,
        ("GET", "/members"): R.MEMBERS,
        ("GET", "/members/{member_id}"): R.MEMBERS,
        ("POST", "/members/{member_id}/groups"): R.MEMBERS_CHANGE,
        ("GET", "/repair"): R.REPAIR,
        ("POST", "/repair/{repair_id}/replay"): R.REPAIR_CHANGE,
        ("GET", "/review-names"): R.REPAIR,
        ("POST", "/review-names"): R.REPAIR_CHANGE,
        ("GET", "/faces"): R.FACES,
        ("GET", "/faces/{store_id}"): R.FACES,
        ("POST", "/faces/{store_id}/propose"): R.FACES_CHANGE,
        ("POST", "/faces/{store_id}/off"): R.FACES_CHANGE,
        ("POST", "/faces/proposals/{proposal_id}"): R.FACES_CHANGE,
        ("GET", "/clerks"): R.CLERKS,
        ("GET", "/clerks.csv"): R.CLERKS,
        ("POST", "/clerks/alerts"): R.CLERKS_CHANGE,
        ("POST", "/clerks/members"): R.CLERKS_CHANGE,
        ("GET", "/mall"): R.MALL,
        ("GET", "/mall/{table}.csv"): R.MALL,
        ("POST", "/mall/stock"): R.MALL_CHANGE,
        ("GET", "/offers"): R.RULES,
        ("GET", "/offers.csv"): R.RULES,
        ("GET", "/offers/versions/{version}"): R.RULES,
        ("GET", "/offers/versions/{version}/bundle.json"): R.RULES,
        ("GET", "/offers/versions/{version}/back"): R.RULES,
        ("POST", "/offers/versions/{version}/back"): R.RULES_PUBLISH,
        ("POST", "/offers/drafts"): R.RULES_CHANGE,
        ("GET", "/offers/drafts/{draft_id}"): R.RULES,
        ("POST", "/offers/drafts/{draft_id}"): R.RULES_CHANGE,
        ("GET", "/offers/drafts/{draft_id}/rule"): R.RULES,
        ("POST", "/offers/drafts/{draft_id}/rule"): R.RULES_CHANGE,
        ("POST", "/offers/drafts/{draft_id}/drop"): R.RULES_CHANGE,
        ("POST", "/offers/drafts/{draft_id}/jobs"): R.RULES_CHANGE,
        ("GET", "/offers/drafts/{draft_id}/publish"): R.RULES,
        ("POST", "/offers/drafts/{draft_id}/publish"): R.RULES_PUBLISH,
        ("GET", "/offers/jobs/{job_id}"): R.RULES,
        ("POST", "/offers/jobs/{job_id}/stop"): R.RULES_CHANGE,
        ("GET", "/offers/jobs/{job_id}/offers.csv"): R.RULES,
        ("POST", "/offers/orders/{rule_order}/{act}"): R.RULES_PUBLISH,
        **{address: Right(right) for address, right in IDENTITY_NEEDS.items()},
        **{address: Right(right) for address, right in PRIVACY_NEEDS.items()},
        ("GET", "/masters"): R.MASTERS,
        ("POST", "/masters"): R.MASTERS_CHANGE,
        ("GET", "/unknown-codes"): R.MASTERS,
        ("POST", "/unknown-codes"): R.MASTERS_CHANGE,
        ("GET", "/masters/template/{kind}.csv"): R.MASTERS,
        ("GET", "/masters/{import_id}"): R.MASTERS,
        ("POST", "/masters/{import_id}/apply"): R.MASTERS_CHANGE,
        ("POST", "/masters/{import_id}/undo"): R.MASTERS_CHANGE,
        ("GET", "/tills"): R.TILLS,
        ("GET", "/alerts"): R.ALERTS,
        ("POST", "/alerts"): R.ALERTS_CHANGE,
        ("POST", "/alerts/{rule}/rotate"): R.ALERTS_CHANGE,
        ("POST", "/alerts/{rule}/{act}"): R.ALERTS_CHANGE,
        ("GET", "/twins"): R.TWINS,
        ("POST", "/twins"): R.TWINS_CHANGE,
        ("POST", "/twins/preview"): R.TWINS_CHANGE,
        ("GET", "/commands"): R.COMMANDS,
        ("POST", "/commands"): R.COMMANDS_GIVE,
        ("POST", "/commands/preview"): R.COMMANDS_GIVE,
        ("POST", "/commands/halt"): R.COMMANDS_STEER,
        ("GET", "/commands/{order_id}"): R.COMMANDS,
        ("GET", "/commands/{order_id}/stream"): R.COMMANDS,
        ("GET", "/commands/{order_id}/{command_id}/diag.tar.gz"): R.COMMANDS_GIVE,
        ("POST", "/commands/{order_id}/agree"): R.COMMANDS_STEER,
        ("POST", "/commands/{order_id}/{to}"): R.COMMANDS_STEER,
        ("GET", "/releases"): R.RELEASES,
        ("POST", "/releases"): R.RELEASES_CHANGE,
        ("GET", "/releases/{rollout_id}"): R.RELEASES,
        ("GET", "/releases/{rollout_id}/stream"): R.RELEASES,
        ("POST", "/releases/{rollout_id}/agree"): R.RELEASES_CHANGE,
        ("POST", "/releases/{rollout_id}/{to}"): R.RELEASES_CHANGE,
        ("GET", "/users"): R.USERS,
        ("POST", "/users"): R.USERS_CHANGE,
        ("POST", "/users/{user_id}"): R.USERS_CHANGE,
        ("POST", "/users/{user_id}/end"): R.USERS_CHANGE,
        ("GET", "/audit"): R.AUDIT,
        ("GET", "/partners"): R.PARTNERS,
        ("POST", "/partners/keys"): R.PARTNERS_CHANGE,
        ("POST", "/partners/keys/{key_id}/end"): R.PARTNERS_CHANGE,
        ("POST", "/partners/hooks"): R.PARTNERS_CHANGE,
        ("GET", "/partners/hooks/{hook_id}"): R.PARTNERS,
        ("POST", "/partners/hooks/{hook_id}/rotate"): R.PARTNERS_CHANGE,
        ("POST", "/partners/hooks/{hook_id}/{act}"): R.PARTNERS_CHANGE,
        ("POST", "/partners/hooks/{hook_id}/posts/{post_id}/replay"): R.PARTNERS_CHANGE,
        ("GET", "/v1/hq/members"): R.MEMBERS,
        ("GET", "/v1/hq/members/{member_id}"): R.MEMBERS,
        ("POST", "/v1/hq/members/{member_id}/withdraw-face"): R.MEMBERS_CHANGE,
        ("GET", "/v1/hq/faces"): R.FACES,
        ("GET", "/v1/hq/overview"): R.STORES,
        ("GET", "/v1/hq/sales"): R.SALES,
        ("GET", "/v1/hq/ledger"): R.SALES,
        ("GET", "/v1/hq/repair"): R.REPAIR,
        ("POST", "/v1/hq/repair/{repair_id}/replay"): R.REPAIR_CHANGE,
        ("GET", "/v1/hq/review-names"): R.REPAIR,
        ("POST", "/v1/hq/review-names"): R.REPAIR_CHANGE,
        ("GET", "/v1/hq/offers"): R.RULES,
        ("GET", "/v1/hq/offers/versions/{version}"): R.RULES,
        ("POST", "/v1/hq/offers/drafts"): R.RULES_CHANGE,
        ("GET", "/v1/hq/offers/drafts/{draft_id}"): R.RULES,
        ("POST", "/v1/hq/offers/drafts/{draft_id}"): R.RULES_CHANGE,
        ("POST", "/v1/hq/offers/drafts/{draft_id}/drop"): R.RULES_CHANGE,
        ("POST", "/v1/hq/offers/drafts/{draft_id}/jobs"): R.RULES_CHANGE,
        ("GET", "/v1/hq/offers/jobs/{job_id}"): R.RULES,
        ("POST", "/v1/hq/offers/jobs/{job_id}/stop"): R.RULES_CHANGE,
        ("POST", "/v1/hq/offers/preview"): R.RULES,
        ("POST", "/v1/hq/offers/publications"): R.RULES_PUBLISH,
        ("POST", "/v1/hq/offers/publications/{rule_order}/agree"): R.RULES_PUBLISH,
        ("POST", "/v1/hq/offers/publications/{rule_order}/drop"): R.RULES_PUBLISH,
        ("GET", "/v1/hq/twins"): R.TWINS,
        ("POST", "/v1/hq/twins"): R.TWINS_CHANGE,
        ("GET", "/v1/hq/twins/history"): R.TWINS,
        ("POST", "/v1/hq/twins/preview"): R.TWINS_CHANGE,
        ("GET", "/v1/hq/commands"): R.COMMANDS,
        ("POST", "/v1/hq/commands"): R.COMMANDS_GIVE,
        ("POST", "/v1/hq/commands/preview"): R.COMMANDS_GIVE,
        ("POST", "/v1/hq/commands/halt"): R.COMMANDS_STEER,
        ("GET", "/v1/hq/commands/{order_id}"): R.COMMANDS,
        ("GET", "/v1/hq/commands/{order_id}/{command_id}/archive"): R.COMMANDS_GIVE,
        ("POST", "/v1/hq/commands/{order_id}/agree"): R.COMMANDS_STEER,
        ("POST", "/v1/hq/commands/{order_id}/{to}"): R.COMMANDS_STEER,
    }
    | {address: Right(name) for address, name in INSIGHT_NEEDS.items()}
)


def needed(method: str, address: str) -> Right | None:
    """Return the right that an address needs, None for one that nobody wrote down."""
    return NEEDS.get((method, address))


# ---- partner systems ----------------------------------------------------------------------------


class KeyScope(StrEnum):
    """What a partner's key opens; `master:` is every table, costs are a scope of their own."""

    SALES_READ = "sales:read"
    MEMBERS_READ = "members:read"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_WRITE = "catalogue:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    STORES_READ = "stores:read"
    MASTER_READ = "master:read"
    MASTER_WRITE = "master:write"
    COST_READ = "cost:read"
    EXPORT_READ = "export:read"
    EXPORT_PEOPLE = "export:people"


S = KeyScope
_READ_TABLES = frozenset({S.MASTER_READ, S.CATALOGUE_READ, S.STOCK_READ, S.STORES_READ})
_WRITE_TABLES = frozenset({S.MASTER_WRITE, S.CATALOGUE_WRITE, S.STOCK_WRITE})
WRITES: frozenset[KeyScope] = _WRITE_TABLES
# Table → who may read it, who may write it; a table of its kind is opened by the scopes of all.
TABLES_OF: Mapping[MasterKind, tuple[frozenset[KeyScope], frozenset[KeyScope]]] = MappingProxyType(
    {
        MasterKind.ARTICLES: (
            frozenset({S.MASTER_READ, S.CATALOGUE_READ}),
            frozenset({S.MASTER_WRITE, S.CATALOGUE_WRITE}),
        ),
        MasterKind.PRICES: (
            frozenset({S.MASTER_READ, S.CATALOGUE_READ}),
            frozenset({S.MASTER_WRITE, S.CATALOGUE_WRITE}),
        ),
        MasterKind.STOCK: (
            frozenset({S.MASTER_READ, S.STOCK_READ}),
            frozenset({S.MASTER_WRITE, S.STOCK_WRITE}),
        ),
        MasterKind.WAREHOUSES: (
            frozenset({S.MASTER_READ, S.STOCK_READ}),
            frozenset({S.MASTER_WRITE}),
        ),
        MasterKind.STORES: (
            frozenset({S.MASTER_READ, S.STORES_READ}),
            frozenset({S.MASTER_WRITE}),
        ),
        MasterKind.ENTITIES: (
            frozenset({S.MASTER_READ, S.STORES_READ}),
            frozenset({S.MASTER_WRITE}),
        ),
    }
)
# Method and address → the scopes of which a key needs one; an address not named here opens to none.
KEY_OPENS: Mapping[tuple[str, str], frozenset[KeyScope]] = MappingProxyType(
    {
        ("GET", "/v1/hq/sales"): frozenset({S.SALES_READ}),
        ("GET", "/v1/hq/ledger"): frozenset({S.SALES_READ}),
        ("GET", "/v1/hq/members"): frozenset({S.MEMBERS_READ}),
        ("GET", "/v1/hq/members/{member_id}"): frozenset({S.MEMBERS_READ}),
        ("GET", "/v1/hq/overview"): frozenset({S.STORES_READ}),
        ("GET", "/v1/master/{kind}"): _READ_TABLES,
        ("GET", "/v1/master/{kind}/template"): _READ_TABLES,
        ("POST", "/v1/master/{kind}/preview"): _READ_TABLES,
        ("POST", "/v1/master/{kind}"): _WRITE_TABLES,
        ("GET", "/v1/export"): frozenset({S.EXPORT_READ}),
        ("GET", "/v1/export/{day}"): frozenset({S.EXPORT_READ}),
        ("GET", "/v1/export/{day}/{revision}/people.csv.gz"): frozenset({S.EXPORT_PEOPLE}),
        ("GET", "/v1/export/{day}/{revision}/{table}.csv.gz"): frozenset({S.EXPORT_READ}),
    }
)
# What shows people to whoever asks; each such look is one of the audit's.
SHOWS_PEOPLE: frozenset[KeyScope] = frozenset({S.MEMBERS_READ, S.EXPORT_PEOPLE})


def opens(method: str, address: str, scopes: frozenset[str]) -> frozenset[KeyScope]:
    """Return by which of its scopes a key opens an address; none: it does not."""
    return frozenset(
        scope for scope in KEY_OPENS.get((method, address), ()) if scope.value in scopes
    )


def may(role: str, right: Right | None) -> bool:
    """Return whether a role has a right; nobody has one that nobody wrote down."""
    return right is not None and role in MAY[right]
