"""Whole outcomes of whole questions, from seeds; rewrite the golden file by
`python -m tests.factories.whole_outcomes`, and read the difference before it is committed."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from retail_core.catalog.article import Article
from retail_core.checkout.basket import BasketLine
from retail_core.checkout.receipt import CouponUse
from retail_core.loyalty.closing import Liability, clearing, liability
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.policy import LoyaltyPolicy, Months, Policies
from retail_core.loyalty.refunds import Refund, Rest
from retail_core.pricing.linting.lint import lint
from retail_core.pricing.linting.worst_baskets import Limits
from retail_core.pricing.proof.document import Asked, certify
from retail_core.pricing.proof.near_miss import near_misses
from retail_core.pricing.proof.repricing import basket_again, member_of, priced_for, store_of
from retail_core.pricing.proof.verify import price_again, verify
from retail_core.pricing.rehearsal.replay import Rehearsal, Tally, merge
from retail_core.pricing.rehearsal.sold import SoldBasket, SoldLine
from retail_core.pricing.rules.bundle import Restriction
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.coupons import Gift
from retail_core.pricing.rules.slots import WeekSlot
from retail_core.wire.messages import SaleLine
from tests.factories.books import ANN, BEA, FIRST_DAY, OTHER_SHOP, PENDING_RULE, RULE, SHOP, Books
from tests.factories.pricing import priced
from tools.verify_pricing.cases import OPENED, Maker
from tools.verify_pricing.oracle import Case

GOLDEN = Path(__file__).parents[1] / "golden" / "whole_outcomes.json"
SHA = bytes(range(32))


def rich(seed: int, *, units: tuple[int, int] = (2, 9), offers: int = 5) -> Case:
    """A case whose rules also ask when, where and who, with gifts and restrictions."""
    case, rng = Maker(seed, units=units, offers=offers).case(), random.Random(seed)  # noqa: S311
    bundle = msgspec.structs.replace(
        case.bundle,
        offers=tuple(
            msgspec.structs.replace(offer, when=_when(rng)) for offer in case.bundle.offers
        ),
        gifts=(
            Gift(id="g0", name="g0", sku="S1", need=rng.randrange(2, 5), repeat=rng.random() < 0.5),
            Gift(id="g1", name="g1", sku="S2", units=2, threshold_fen=rng.randrange(50, 900)),
        ),
        restrictions=(Restriction(regions=frozenset({"east"}), off=frozenset({"o1"})),)
        if rng.random() < 0.4
        else (),
    )
    member = case.member and replace(
        case.member,
        groups=frozenset(rng.sample(["staff", "vip"], rng.randrange(3))),
        joined=date(2026, 11, rng.randrange(1, 20)),
        birthday=(11, rng.randrange(15, 28)),
    )
    store = replace(
        case.store,
        store=rng.choice(("s1", "s2")),
        region=rng.choice(("east", "west")),
        channel=rng.choice(("till", "app")),
        stock={f"S{number}": rng.randrange(6) for number in range(5)},
        use_known=rng.random() < 0.85,
    )
    return replace(case, bundle=bundle, member=member, store=store)


def _when(rng: random.Random) -> Conditions:
    asks: dict[str, Any] = {
        "valid_from": OPENED - timedelta(days=rng.randrange(3), minutes=1, seconds=7),
        "valid_until": OPENED + timedelta(days=rng.randrange(1, 3), seconds=3),
        "slots": (WeekSlot(rng.choice((4, 5)), "18:00", "19:10"),),
        "channels": frozenset({"till"}),
        "regions": frozenset({"east"}),
        "stores": frozenset({"s1"}),
        "groups": frozenset({"staff"}),
        "members_only": True,
        "member_days_from": rng.randrange(9),
        "member_days_until": rng.randrange(9, 20),
        "birthday_within_days": rng.randrange(4),
        "basket_shelf_from_fen": rng.randrange(400),
        "stock_from": rng.randrange(4),
    }
    few = rng.sample(sorted(asks), rng.choice((0, 0, 1, 1, 2)))
    return Conditions(**{name: asks[name] for name in few})


def _asked(case: Case) -> Asked:
    return Asked(
        basket=case.basket, member=case.member, store=case.store, points_wanted=case.points_wanted
    )


def _articles(case: Case) -> list[Article]:
    return [
        Article(
            article_id=UUID(int=line.line),
            sku=f"{line.sku}-{line.line}",
            name="article",
            unit="",
            price_fen=line.unit_price_fen,
            cost_fen=line.unit_price_fen * (line.line % 3 + 3) // 6 if line.line % 4 else None,
            tags=line.tags,
        )
        for line in case.basket.lines
    ]


def prices(seed: int) -> Any:
    """What is charged, and what travels with it so that it can be worked out again."""
    case = rich(seed)
    facts = priced_for(OPENED, case.member, case.store, case.bundle)
    charged = price_again(_asked(case), case.bundle)
    lines = tuple(
        SaleLine(
            one.line, None, one.sku, one.name, one.qty_milli, one.shelf_fen, one.net_fen, one.offers
        )
        for one in charged.lines
    )
    named = {line.sku: line for line in case.basket.lines[::2]}
    return [charged, facts, member_of(facts), store_of(facts), basket_again(lines, facts, named)]


def lints(seed: int) -> Any:
    """What the linter finds on articles of a shop, and on those it makes up."""
    case = rich(seed, units=(3, 6), offers=3)
    first, last = case.bundle.offers[0], case.bundle.offers[-1]
    narrow = Conditions(members_only=True, stores=frozenset({"s1"}))
    twins = (
        msgspec.structs.replace(first, id="z0"),
        msgspec.structs.replace(last, id="z1", when=narrow),
    )
    bundle = msgspec.structs.replace(case.bundle, offers=(*case.bundle.offers, *twins))
    sums = Counter({fen: fen % 7 for fen in range(0, 900, 13)})
    found = lint(bundle, _articles(case), sums, Limits(5, 300))
    return [*found, "made up", *lint(bundle, limits=Limits(3, None))]


def misses(seed: int) -> Any:
    """What a little more would bring."""
    case = rich(seed)
    others = (
        BasketLine(1, "T1", None, "tea", 70, 1000, tags=frozenset("ab")),
        BasketLine(2, "T2", None, "milk", 90, 1000, tags=frozenset("c")),
    )
    asked = _asked(case)
    return near_misses(asked, case.bundle, price_again(asked, case.bundle), others=others)


def strangers(seed: int) -> Any:
    """What is wrong with a price when it is held against rules of the same names."""
    case, other = rich(seed), rich(seed + 1).bundle
    certificate = certify(_asked(case), price_again(_asked(case), case.bundle), case.bundle, SHA)
    mixed = msgspec.structs.replace(
        case.bundle,
        offers=(*case.bundle.offers[:1], *other.offers[1:]),
        coupons=other.coupons,
        campaigns=other.campaigns,
    )
    found = [verify(certificate, rules, SHA) for rules in (other, mixed)]
    return [[one.verdict, one.findings, one.cheaper_fen] for one in found]


def rehearsals(seed: int) -> Any:
    """What some sales would have cost, in two parts put together."""
    whole, parts = Tally(), (Tally(), Tally())
    draft, against = rich(seed).bundle, rich(seed + 1).bundle
    for number in range(8):
        case = rich(seed * 100 + number)
        sold = SoldBasket(
            receipt=f"r{number}",
            opened=OPENED + timedelta(days=number * 9),
            store=case.store.store,
            region=case.store.region,
            channel=case.store.channel,
            paid_fen=None if number % 3 else 300,
            lines=tuple(
                SoldLine(
                    sku=line.sku,
                    unit_price_fen=-1 if number in {0, 3} else line.unit_price_fen,
                    qty_milli=line.qty_milli,
                    cost_fen=line.unit_price_fen // 2 if number % 2 else None,
                    tags=line.tags,
                )
                for line in case.basket.lines
            ),
        )
        rehearsal = Rehearsal(draft, against if number > 5 else None)
        for tally in (whole, parts[number % 2]):
            rehearsal.add(tally, sold, case.member)
    merge(*parts)
    return [whole, parts[0]]


def histories(seed: int) -> Any:
    """Every posting of some weeks of two members, and what the lots make of them."""
    rng = random.Random(seed)  # noqa: S311 - repeats, keeps no secret
    policy = LoyaltyPolicy(expiry=Months(months=1), grace_days=seed % 2 * 9, return_days=2)
    books = Books(Policies.of([(FIRST_DAY, policy)]))
    made = [_told(_happens(books, rng)) for _ in range(22)]
    book, rows = books.book(), dict[UUID, Liability]()
    liability(book.movements, FIRST_DAY + timedelta(days=20), books.day, rows)
    honoured = Counter[tuple[UUID, UUID]]()
    clearing(book.movements, FIRST_DAY + timedelta(days=20), books.day, honoured)
    left = [[book.lots(who), book.lots(who, "pending"), book.short(who)] for who in (ANN, BEA)]
    postings = [[dated.day, dated.posting] for dated in books.dated]
    return [made, postings, book.movements, sorted(rows.items()), sorted(honoured.items()), left]


def _told(made: Refund | None) -> list[Any] | None:
    if made is None:
        return None
    return [replace(made, returned={}), sorted(made.returned.items())]


def _happens(books: Books, rng: random.Random) -> Refund | None:
    who, shop = rng.choice((ANN, BEA)), rng.choice((SHOP, OTHER_SHOP))
    match rng.choice(("sell", "sell", "sell", "refund", "refund", "wait", "lend", "merge")):
        case "sell":
            nets = [rng.randrange(5_000) for _ in range(rng.randrange(1, 4))]
            points = min(rng.randrange(40), max(0, books.balance(who)), sum(nets))
            earn = rng.choice((RULE, PENDING_RULE))
            lines = frozenset(rng.sample(range(1, len(nets) + 1), rng.randrange(1, len(nets) + 1)))
            used = (CouponUse("k", lines),) if rng.random() < 0.5 else ()
            books.sell(who, *nets, points=points, shop=shop, rule=earn, coupons=used)
        case "refund" if books.sold:
            return _comes_back(books, rng)
        case "wait":
            books.wait(rng.randrange(25))
            books.mature(who)
            books.expire(who)
            books.settle(who)
        case "lend" if books.balance(who) > 5:
            books.lend(who, 5)
        case "merge" if not books.merged:
            books.merge(who, BEA if who == ANN else ANN)
        case "merge":
            ((merge_id, _),) = books.merged.items()
            books.unmerge(merge_id)
            books.merged.clear()
        case _:
            books.wait(1)
    return None


def _comes_back(books: Books, rng: random.Random) -> Refund | None:
    sold = rng.choice(books.sold)
    line = rng.choice(sold.receipt.lines)
    left = line.qty_milli - sold.returned.get(line.line, 0)
    if not left:
        return None
    qty_milli = rng.choice((left, min(left, 1_000)))
    rest = None
    if rng.random() < 0.3:
        kept = {
            one.line: one.net_fen // 2
            for one in sold.receipt.lines
            if sold.returned.get(one.line, 0) + (qty_milli if one == line else 0) < one.qty_milli
        }
        earned = earn_postings(priced(*kept.values()), RULE, "gold", sold.wallet, sold.issuer)
        rest = Rest(kept, earned)
    return books.refund(sold, (line.line, qty_milli), rest=rest)


KINDS: dict[str, tuple[Callable[[int], Any], int]] = {
    "prices": (prices, 60),
    "lints": (lints, 12),
    "misses": (misses, 40),
    "strangers": (strangers, 80),
    "rehearsals": (rehearsals, 8),
    "histories": (histories, 12),
}


def outcomes(kind: str) -> Iterator[str]:
    """Yield the outcomes of a kind, each as text."""
    made, count = KINDS[kind]
    for seed in range(count):
        text = msgspec.json.encode(made(seed), order="deterministic").decode()
        yield text.replace(str(UUID(int=0))[:-4], "#")  # the ids made here are small numbers


def _write() -> None:
    parts = (f'"{kind}": [\n' + ",\n".join(outcomes(kind)) + "\n]" for kind in KINDS)
    GOLDEN.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
