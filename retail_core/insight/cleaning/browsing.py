"""Orders nobody looked for, and clicks no person made."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean, median, pstdev

from retail_core.insight.cleaning.decision import STRONG, WEAK, Decision, Rule
from retail_core.insight.cleaning.limits import HOUR_MS, EventLimits, OrderLimits
from retail_core.insight.cleaning.seen import SeenEvent, SeenOrder

_DAY_HOURS = 24
# Cubot makes telephones.
_PROGRAM = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|scrap|headless|phantomjs|selenium|puppeteer"
    r"|playwright|webdriver|externalhit|lighthouse|uptime|pingdom|monitoring"
    r"|python[-/]|aiohttp|httpx/|curl/|wget|libwww|go-http-client|^java/|node-fetch|axios/",
    re.IGNORECASE,
)


def no_browse(orders: Iterable[SeenOrder], limits: OrderLimits) -> Iterator[Decision]:
    """Mark orders without a look at anything, in channels where buyers mostly look; weak."""
    told: defaultdict[str, list[SeenOrder]] = defaultdict(list)
    for one in orders:
        if one.views is not None:
            told[one.channel].append(one)
    for own in told.values():
        if looks_mostly(len(own), sum(1 for one in own if one.views), limits):
            yield from (unlooked(one.order_id) for one in own if not one.views)


def looks_mostly(orders: int, looked: int, limits: OrderLimits) -> bool:
    """Tell whether a channel's buyers mostly look at something first."""
    return looked * 100 >= orders * limits.browsed_channel_percent


def unlooked(order_id: str) -> Decision:
    """Return the sign of an order that nobody looked for."""
    return Decision(order_id, Rule.no_browse, WEAK, {"views": 0})


def says_program(agent: str) -> bool:
    """Tell whether an agent string says it is no browser of a person."""
    return _PROGRAM.search(agent) is not None


def bots(events: Iterable[SeenEvent], limits: EventLimits) -> Iterator[Decision]:
    """Mark actors that are programs, by what they call themselves and by how they act."""
    of_actor: defaultdict[str, list[SeenEvent]] = defaultdict(list)
    for one in events:
        of_actor[one.actor].append(one)
    for actor, own in of_actor.items():
        agent = next((one.agent for one in own if says_program(one.agent)), "")
        if agent:
            yield Decision(actor, Rule.bot_agent, STRONG, {"agent": agent[:80]})
        times = sorted(one.at_ms for one in own)
        yield from _by_behaviour(actor, times, limits)


def _by_behaviour(actor: str, times: Sequence[int], limits: EventLimits) -> Iterator[Decision]:
    looks = _looks(times, limits.page_ms)
    if len(looks) < limits.least_looks:
        return
    gaps = [later - sooner for sooner, later in pairwise(looks)]
    dwell = median(gaps)
    most = limits.burst_looks
    burst = any(
        last - first <= limits.burst_ms for first, last in zip(looks, looks[most:], strict=False)
    )
    if burst or dwell < limits.zero_dwell_ms:
        yield Decision(actor, Rule.bot_pace, STRONG, {"events": len(times), "dwell_ms": int(dwell)})
    # Pauses between visits say nothing of the pace in them.
    steady = [one for one in gaps if one < HOUR_MS]
    if len(steady) >= limits.least_looks:
        uneven = 100 * pstdev(steady) / max(fmean(steady), 1.0)
        if uneven < limits.regular_percent:
            yield Decision(actor, Rule.bot_regular, STRONG, {"uneven_percent": int(uneven)})
    awake = limits.sleepless_hours
    hours = sorted({one // HOUR_MS for one in times})
    through = any(
        last - first < _DAY_HOURS for first, last in zip(hours, hours[awake - 1 :], strict=False)
    )
    if through and len(times) >= limits.sleepless_events:
        yield Decision(actor, Rule.bot_sleepless, STRONG, {"events": len(times)})


def _looks(times: Sequence[int], page_ms: int) -> list[int]:
    """Return when somebody turned to something: what a page tells at once is one look."""
    found: list[int] = []
    for one in times:
        if not found or one - found[-1] >= page_ms:
            found.append(one)
    return found
