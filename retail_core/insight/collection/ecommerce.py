"""The ecommerce events (version 2) as they are counted: names in one spelling, goods by sku."""

from dataclasses import dataclass
from typing import Final

from retail_core.insight.collection.limits import ID_CHARS_MAX
from retail_core.insight.collection.messages import Json, Message

EVENTS: Final = (
    "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed",
    "Promotion Clicked", "Product Clicked", "Product Viewed", "Product Added", "Product Removed",
    "Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed",
    "Payment Info Entered", "Order Updated", "Order Completed", "Order Refunded",
    "Order Cancelled", "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed",
    "Product Added to Wishlist", "Product Removed from Wishlist",
    "Wishlist Product Added to Cart", "Product Shared", "Cart Shared", "Product Reviewed",
)  # fmt: skip
_SPELT: Final = {name.casefold(): name for name in EVENTS}


@dataclass(frozen=True, slots=True)
class Counted:
    """An event as it is counted: its name, and the goods it is about where it is about one."""

    name: str
    sku: str = ""
    category: str = ""


def counted(message: Message) -> Counted:
    """Return how a message is counted; a name of one's own stays as it is."""
    name = _SPELT.get(" ".join(message.name.split()).casefold(), message.name)
    goods = _goods(message.properties)
    return Counted(name, _word(goods, "sku", "product_id", "productId"), _word(goods, "category"))


def _goods(properties: Json) -> Json:
    """Return the one article an event is about: its own fields, or its list's only row."""
    rows = properties.get("products")
    if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict):
        return {**properties, **rows[0]}
    return properties


def _word(goods: Json, *names: str) -> str:
    for name in names:
        value = goods.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()[:ID_CHARS_MAX]
    return ""
