"""Books words about orders of other channels: each kept once, each order worked out from all."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.channel_orders import PlacedOrder
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.insight.heard import heard
from retail_core.checkout.business_date import DAY_STARTS_AT, business_date
from retail_core.insight.channel_orders.words import Order, Said, digest_of, fold
from retail_core.insight.persons.hearing import said_by_order

CODES_KEPT_MS = 60_000
_MS = 1_000
_Key = tuple[UUID, UUID, int, int]


@dataclass(frozen=True, slots=True)
class Booked:
    """What came of words: orders that stand now, words that contradict what was said before."""

    orders: int = 0
    waiting: int = 0
    conflicts: tuple[Said, ...] = ()


@dataclass(slots=True)
class _Codes:
    """Articles by code, and names that people mapped, as they were a moment ago."""

    articles: Mapping[str, UUID]
    names: Mapping[str, str]
    until_ms: int


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Books orders; `zone` is where a day of the brand begins."""

    units: Units
    clock: Clock
    zone: str
    _codes: dict[UUID, _Codes] = field(default_factory=dict)

    def book(self, unit: Unit, tenant: UUID, words: Sequence[Said], now_ms: int) -> Booked:
        """Keep words in the transaction at hand and work out their orders anew.

        A version that came before with other content is a conflict: the first one counts.
        """
        first: dict[_Key, Said] = {}
        clashing = []
        for said in words:
            held = first.setdefault(_key(said), said)
            if digest_of(held.word) != digest_of(said.word):
                clashing.append(said)
        kept = list(first.values())
        orders = {said.word.order_id for said in kept}
        unit.channel_orders.lock(orders)
        conflicts = unit.channel_orders.add_words(kept, now_ms)
        stand = self.work_out(unit, tenant, orders, now_ms)
        return Booked(stand, len(orders) - stand, (*clashing, *conflicts))

    def work_out(self, unit: Unit, tenant: UUID, orders: Collection[UUID], now_ms: int) -> int:
        """Work orders out from all their words; return how many stand."""
        said = unit.channel_orders.words(orders)
        folded = {order: fold(some) for order, some in said.items()}
        made = [order for order in folded.values() if order is not None]
        unit.channel_orders.drop({one for one in orders if folded.get(one) is None})
        unit.channel_orders.save(self._placed(unit, tenant, made, now_ms), now_ms)
        for channel in {one.channel for one in made}:
            pairs = [
                (pair, one.ordered_ms)
                for one in made
                if one.channel == channel
                for pair in said_by_order(channel, one.buyer, _id(one.buyer.member))
            ]
            unit.evidence.hear(heard(pairs, f"orders:{channel}", now_ms))
        return len(made)

    def _placed(
        self, unit: Unit, tenant: UUID, orders: Sequence[Order], now_ms: int
    ) -> list[PlacedOrder]:
        codes = self._known_codes(unit, tenant, now_ms)
        stores = {name: store for store, name in unit.fleet.store_names().items()}
        phones = {bytes.fromhex(one.buyer.phone) for one in orders if one.buyer.phone}
        owners = unit.members.identities([("phone", phone) for phone in phones]) if phones else {}
        told = {member for one in orders if (member := _id(one.buyer.member)) is not None}
        ours = unit.members.wallets(told) if told else {}
        zone = ZoneInfo(self.zone)
        unknown: Counter[str] = Counter()
        placed = []
        for one in orders:
            local = datetime.fromtimestamp(one.ordered_ms / _MS, UTC).astimezone(zone)
            articles = tuple(_article(codes, line.sku, line.name) for line in one.lines)
            unknown.update(
                line.name
                for line, article in zip(one.lines, articles, strict=True)
                if article is None and line.name
            )
            said = _id(one.buyer.member)
            member = said if said in ours else owners.get(("phone", _hex(one.buyer.phone)))
            placed.append(
                PlacedOrder(
                    one,
                    business_date(local.replace(tzinfo=None), DAY_STARTS_AT),
                    local.hour,
                    stores.get(one.store),
                    member,
                    articles,
                )
            )
        unit.catalogue.review_names(unknown, now_ms)
        return placed

    def _known_codes(self, unit: Unit, tenant: UUID, now_ms: int) -> _Codes:
        held = self._codes.get(tenant)
        if held is None or held.until_ms <= now_ms:
            held = self._codes[tenant] = _Codes(
                unit.channel_orders.codes(), unit.catalogue.name_map(), now_ms + CODES_KEPT_MS
            )
        return held


def _key(said: Said) -> _Key:
    return said.word.order_id, said.origin, said.word.version, said.word.part


def _article(codes: _Codes, sku: str, name: str) -> UUID | None:
    """Return the article a line is of: by its code, else by the name people mapped."""
    return codes.articles.get(sku) or codes.articles.get(codes.names.get(name, ""))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)
