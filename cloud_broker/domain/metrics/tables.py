"""The four tables that every entry reads, as PostgreSQL's views and the Parquet files have them."""

from dataclasses import dataclass
from typing import Final

import ibis

from cloud_broker.domain.metrics.algebra import Table

ORDERS: Final = {
    "tenant_id": "string",
    "order_id": "string",
    "person_id": "uuid",
    "channel": "string",
    "store_id": "string",
    "region": "string",
    "business_date": "date",
    "ordered_at": "timestamp",
    "hour_local": "int64",
    "list_fen": "int64",
    "net_fen": "int64",
    "refunded_fen": "int64",
    "cost_fen": "int64",
    "points_used": "int64",
    "coupons": "int64",
    "units": "int64",
    "status": "string",
    "clerk_id": "string",
    "quarantined": "boolean",
}
ORDER_LINES: Final = {
    "tenant_id": "string",
    "order_id": "string",
    "line_no": "int64",
    "person_id": "uuid",
    "channel": "string",
    "store_id": "string",
    "business_date": "date",
    "sku": "string",
    "brand": "string",
    "category": "string",
    "units": "int64",
    "list_fen": "int64",
    "net_fen": "int64",
    "cost_fen": "int64",
    "promoted": "boolean",
    # Whether its order is a purchase: not cancelled, not taken back whole, not quarantined.
    "counts": "boolean",
}
EVENTS: Final = {
    "tenant_id": "string",
    "event_id": "string",
    "person_id": "uuid",
    "anonymous_id": "string",
    "name": "string",
    "channel": "string",
    "business_date": "date",
    "occurred_at": "timestamp",
    "sku": "string",
    "category": "string",
    "session_id": "string",
    "quarantined": "boolean",
}
MEMBERS: Final = {
    "tenant_id": "string",
    "person_id": "uuid",
    "joined_on": "date",
    "home_store_id": "string",
    "tier": "string",
    "birth_month": "int64",
    "birth_year_declared": "int64",
    "declared_tags": "array<string>",
    "sms_consent": "boolean",
    "wechat_consent": "boolean",
    "personalise": "boolean",
    "sensitive_consent": "boolean",
    "points_spendable": "int64",
    "source_channel": "string",
}
SCHEMAS: Final = {
    "orders": ORDERS,
    "order_lines": ORDER_LINES,
    "events": EVENTS,
    "members": MEMBERS,
}
# By business date, so that a day can be written anew; members are written as a whole.
BY_DATE: Final = ("orders", "order_lines", "events")


@dataclass(frozen=True, slots=True)
class Sources:
    """The tables, by the names an engine has them under; engines show one tenant at a time."""

    orders: Table
    order_lines: Table
    events: Table
    members: Table


def sources() -> Sources:
    """Return the tables."""
    return Sources(**{name: ibis.table(schema, name=name) for name, schema in SCHEMAS.items()})
