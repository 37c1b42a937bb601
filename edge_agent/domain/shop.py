"""The shop a box stands in, as it was provisioned."""

from dataclasses import dataclass
from datetime import time
from uuid import UUID

from retail_core.catalog.weighed import COMMON, Layout


@dataclass(slots=True)
class Shop:
    """Identity of the box, and what its day looks like; `zone` is an IANA name.

    Name, city, region and the day's beginning are as HQ said last (`ShopKeeper`), so whoever needs
    them reads them anew; the rest never changes.

    Rules name stores and regions as HQ does: by `store_name` and `region`, "" when not known.
    `labels` is how its scales print.
    """

    tenant: UUID
    store: UUID
    device: UUID
    legal_entity: UUID
    store_name: str
    city: str
    zone: str
    day_starts_at: time
    region: str = ""
    labels: tuple[Layout, ...] = COMMON
