"""Made orders and clicks with fakes among them, and which these are; seeded.

Honest people make it hard on purpose: families on one device, dormitories and offices with one
address, companies that buy much, people who order twice, change their mind or look at nothing.
Some fakes are made too well to be found by what is looked at here.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from retail_core.insight.cleaning.limits import DAY_MS, HOUR_MS
from retail_core.insight.cleaning.seen import SeenEvent, SeenOrder

BEGIN_MS: Final = 1_790_000_000_000
DAYS: Final = 60
SKUS_MAX: Final = 400
ORDERS_A_SKU: Final = 40
CHANNELS: Final = ("douyin", "till", "web", "wechat_mini")
AGENTS: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; CUBOT X70) AppleWebKit/537.36 Chrome/139.0 Mobile Safari",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
    "okhttp/5.1.0",
)
PROGRAMS: Final = (
    "Mozilla/5.0 (compatible; Baiduspider/2.0)",
    "python-requests/2.32.5",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/141.0.0.0 Safari/537.36",
    "SomeBot/1.2 (+https://some.example/bot)",
    "curl/8.15.0",
)


@dataclass(frozen=True, slots=True)
class Planted:
    """What was made, and what of it no customer made: ids of orders, names of actors."""

    orders: tuple[SeenOrder, ...]
    fakes: frozenset[str]
    events: tuple[SeenEvent, ...]
    bots: frozenset[str]


def plant(orders: int, fake_share: float = 0.2, seed: int = 8) -> Planted:
    """Make honest orders and as many fakes more as `fake_share` of them, and actors' clicks."""
    skus = min(SKUS_MAX, max(10, orders // ORDERS_A_SKU))
    maker = _Maker(random.Random(seed), skus)  # noqa: S311 - seeded, no secret
    honest = maker.honest(orders)
    fakes = maker.fakes(honest, round(orders * fake_share))
    events, bots = maker.clicks(max(orders // 40, 60))
    every = [*honest, *fakes]
    every.sort(key=lambda one: (one.at_ms, one.order_id))
    return Planted(tuple(every), frozenset(one.order_id for one in fakes), tuple(events), bots)


class _Maker:
    def __init__(self, chance: random.Random, skus: int) -> None:
        self._chance = chance
        self._skus = skus
        self._made = 0

    def honest(self, many: int) -> list[SeenOrder]:
        buyers = [self._buyer(nth) for nth in range(max(many // 4, 20))]
        return [self._order(*self._chance.choice(buyers)) for _ in range(many)]

    def fakes(self, honest: list[SeenOrder], many: int) -> list[SeenOrder]:
        """Return fakes of each way, so many orders in a hundred of them."""
        ways = (
            (self._ring, 37),
            (self._undone, 16),
            (self._rush, 15),
            (self._bulk, 14),
            (self._twice, 16),
            (self._well_made, 2),
        )
        online = [one for one in honest if one.channel != "till" and one.undone_ms is None]
        made: list[SeenOrder] = []
        for way, percent in ways:
            of_way: list[SeenOrder] = []
            while len(of_way) * 100 < many * percent:
                of_way += way(self._chance.choice(online))
            made += of_way
        return made

    def clicks(self, actors: int) -> tuple[list[SeenEvent], frozenset[str]]:
        events: list[SeenEvent] = []
        bots = set()
        for nth in range(actors):
            actor = f"a{nth}"
            if nth % 5:
                events += self._visits(actor)
            else:
                bots.add(actor)
                way = self._chance.choice([self._said, self._scrape, self._clockwork, self._awake])
                events += way(actor)
        return events, frozenset(bots)

    # ---- honest people --------------------------------------------------------------------------

    def _buyer(self, nth: int) -> tuple[str, str, str, str, str]:
        """Return a buyer's name, device, address, payer and where she mostly buys."""
        home = nth // 3
        address = f"h{home}"
        if nth % 10 == 0:
            address = f"dormitory{nth % 7}"
        device = f"d{home}" if nth % 17 == 0 else f"d{nth}-own"
        payer = f"p{home}-parent" if nth % 13 == 0 else f"p{nth}"
        return f"b{nth}", device, address, payer, self._chance.choice(CHANNELS)

    def _order(self, *who: str) -> SeenOrder:
        buyer, device, address, payer, channel = who
        chance = self._chance
        at_ms = BEGIN_MS + chance.randrange(DAYS) * DAY_MS + chance.randrange(8, 23) * HOUR_MS
        at_ms += chance.randrange(HOUR_MS)
        units = chance.choice((1, 1, 1, 2, 2, 3))
        # A company buys much at once, after it looked.
        company = chance.random() < 0.002  # noqa: PLR2004 - a few
        views = chance.randrange(1, 12)
        if company:
            units = chance.randrange(30, 200)
        elif chance.random() < 0.12:  # noqa: PLR2004 - who knows what she wants
            views = 0
        lines = tuple(
            sorted(
                (f"s{chance.randrange(self._skus)}", units) for _ in range(chance.randrange(1, 4))
            )
        )
        undone = at_ms + chance.randrange(HOUR_MS * 30) if chance.random() < 0.03 else None  # noqa: PLR2004 - a few
        till = channel == "till"
        return SeenOrder(
            order_id=self._id(),
            channel=channel,
            buyer=buyer,
            at_ms=at_ms,
            net_fen=sum(one for _, one in lines) * chance.randrange(900, 9_000),
            lines=lines,
            device="" if till else device,
            address="" if till else address,
            payer=payer,
            undone_ms=undone,
            views=views if channel in {"web", "wechat_mini"} else None,
        )

    # ---- fakes ----------------------------------------------------------------------------------

    def _ring(self, like: SeenOrder) -> list[SeenOrder]:
        """Return orders of many accounts on few devices, payers and addresses."""
        ring, few = self._id(), self._chance.randrange(1, 4)
        accounts = self._chance.randrange(6, 30)
        made = []
        for nth in range(accounts * 2):
            one = self._like(like, spread_ms=10 * DAY_MS)
            shared = f"{ring}-{nth % few}"
            made.append(
                replace(
                    one,
                    buyer=f"{ring}-{nth % accounts}",
                    device=f"d{shared}",
                    address=f"h{shared}",
                    payer=f"p{ring}" if self._chance.random() < 0.5 else f"p{one.order_id}",  # noqa: PLR2004 - half
                )
            )
        return made

    def _undone(self, like: SeenOrder) -> list[SeenOrder]:
        """Return orders that are undone as soon as they were counted."""
        buyer, made = self._id(), []
        for _ in range(self._chance.randrange(4, 10)):
            one = self._like(like, spread_ms=5 * DAY_MS)
            undone = one.at_ms + self._chance.randrange(HOUR_MS)
            made.append(replace(_alone(one), buyer=buyer, undone_ms=undone))
        return made

    def _rush(self, like: SeenOrder) -> list[SeenOrder]:
        """Return a buyer's orders one after another."""
        buyer, device = self._id(), self._id()
        start = self._like(like, spread_ms=DAYS * DAY_MS)
        return [
            replace(
                self._like(like, spread_ms=1),
                buyer=buyer,
                device=device,
                at_ms=start.at_ms + nth * 180_000,
            )
            for nth in range(self._chance.randrange(8, 20))
        ]

    def _bulk(self, like: SeenOrder) -> list[SeenOrder]:
        """Return an order of far too much that nobody looked for."""
        one = self._like(like, spread_ms=DAYS * DAY_MS)
        lines = tuple((sku, self._chance.randrange(60, 300)) for sku, _ in one.lines)
        bulk = replace(_alone(one), channel="web", views=0, lines=lines, buyer=self._id())
        return [replace(bulk, net_fen=bulk.net_fen * 50)]

    def _twice(self, like: SeenOrder) -> list[SeenOrder]:
        """Return an order that was sent again."""
        return [
            replace(like, order_id=self._id(), at_ms=like.at_ms + self._chance.randrange(3_000))
        ]

    def _well_made(self, like: SeenOrder) -> list[SeenOrder]:
        """Return an order nothing is to be seen of."""
        one = self._like(like, spread_ms=DAYS * DAY_MS)
        lines = tuple((sku, 1) for sku, _ in one.lines)
        net_fen = len(lines) * self._chance.randrange(900, 9_000)
        return [replace(_alone(one), buyer=self._id(), lines=lines, net_fen=net_fen)]

    def _like(self, like: SeenOrder, spread_ms: int) -> SeenOrder:
        views = None if like.views is None else self._chance.randrange(4)
        return replace(
            like,
            order_id=self._id(),
            at_ms=like.at_ms + self._chance.randrange(spread_ms),
            net_fen=like.net_fen + self._chance.randrange(1, 500),
            views=views,
        )

    def _id(self) -> str:
        self._made += 1
        return f"o{self._made}"

    # ---- clicks ---------------------------------------------------------------------------------

    def _visits(self, actor: str) -> list[SeenEvent]:
        chance, made = self._chance, []
        agent = chance.choice(AGENTS)
        for _ in range(chance.randrange(1, 6)):
            at_ms = BEGIN_MS + chance.randrange(DAYS) * DAY_MS + chance.randrange(DAY_MS)
            for _ in range(chance.randrange(3, 60)):
                # A page tells several things at once; then she reads.
                for _ in range(chance.choice((1, 1, 2, 4))):
                    made.append(SeenEvent(self._id(), actor, at_ms, agent))
                    at_ms += chance.randrange(5, 60)
                at_ms += int(chance.lognormvariate(9.4, 0.9))
        return made

    def _said(self, actor: str) -> list[SeenEvent]:
        agent = self._chance.choice(PROGRAMS)
        return [replace(one, agent=agent) for one in self._visits(actor)]

    def _scrape(self, actor: str) -> list[SeenEvent]:
        return self._paced(actor, self._chance.randrange(80, 400), lambda: 200, 150)

    def _clockwork(self, actor: str) -> list[SeenEvent]:
        pause = self._chance.randrange(3_000, 20_000)
        return self._paced(actor, self._chance.randrange(60, 200), lambda: pause, 200)

    def _awake(self, actor: str) -> list[SeenEvent]:
        chance = self._chance
        return self._paced(actor, 1_500, lambda: int(chance.lognormvariate(11, 0.7)), 1_000)

    def _paced(
        self, actor: str, many: int, pause: Callable[[], int], jitter_ms: int
    ) -> list[SeenEvent]:
        at_ms = BEGIN_MS + self._chance.randrange(DAYS) * DAY_MS
        made = []
        for _ in range(many):
            made.append(SeenEvent(self._id(), actor, at_ms, AGENTS[2]))
            at_ms += pause() + self._chance.randrange(jitter_ms)
        return made


def _alone(order: SeenOrder) -> SeenOrder:
    """Return it by a device, to an address and from a payer nobody else has."""
    own = order.order_id
    return replace(order, device=f"d-{own}", address=f"h-{own}", payer=f"p-{own}")
