"""`make bench-ledger`: how fast the core books points, plans refunds and works out lots.

The peer is a plain dictionary of balances without keys: what posting twice, in any order, costs.
"""

import random
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from retail_core.checkout.receipt import Receipt, ReceiptLine
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.lots import Dated, fold
from retail_core.loyalty.policy import LoyaltyPolicy, Months, Policies
from retail_core.loyalty.postings import Ledger, Posting, PostingKey, member_account, posting_key
from retail_core.loyalty.refunds import Returned, Standing, plan_refund
from retail_core.loyalty.spending import redeem_postings
from retail_core.pricing.certificate import PricedLine
from retail_core.pricing.rules.ruleset import EarnRule
from tools.bench.report import Bench, Row

SEED = 20_261_122
POSTINGS = 200_000
REFUNDS = 2_000
WALLETS = 300
RECEIPTS = 100
LINES = 6
TENANT, SHOP, WALLET = UUID(int=1), UUID(int=2), UUID(int=3)
FIRST = date(2025, 1, 1)
RULE = EarnRule(id="base", fen_per_point=100)
EXPIRY = Policies.of([(FIRST, LoyaltyPolicy(expiry=Months(months=12)))])


class Priced:
    """As much of a priced receipt as earning looks at."""

    def __init__(self, nets: list[int]) -> None:
        self.lines = tuple(
            PricedLine(number, "S", "S", 1_000, net, net, ())
            for number, net in enumerate(nets, start=1)
        )
        self.total_fen = sum(nets)


def main() -> int:
    """Measure and report."""
    bench = Bench("ledger")
    rng = random.Random(SEED)  # noqa: S311  # a bench repeats, it keeps no secret
    _posting(bench, rng)
    _refunding(bench, rng)
    _folding(bench, rng)
    return bench.finish()


def _posting(bench: Bench, rng: random.Random) -> None:
    entries = [_entry(rng, number) for number in range(POSTINGS)]
    ledger = Ledger()
    per_second = _rate(lambda: [ledger.post(key, one) for key, one in entries])
    plain: dict[str, int] = {}

    def add() -> None:
        for _, one in entries:
            plain[one.debit] = plain.get(one.debit, 0) - one.points
            plain[one.credit] = plain.get(one.credit, 0) + one.points

    peer = _rate(add)
    told = f"plain dictionary {peer:,.0f}/s, ratio {per_second / peer:.2f}"
    bench.add(Row("fold: postings", per_second, "/s", None, "higher", told))
    again = _rate(lambda: [ledger.post(key, one) for key, one in entries])
    bench.add(Row("fold: the same postings again", again, "/s", None, "higher"))
    total = sum(ledger.balances().values())
    bench.add(Row("fold: sum of all accounts", total, "points", 0))


def _entry(rng: random.Random, number: int) -> tuple[PostingKey, Posting]:
    wallet = UUID(int=rng.randrange(1, 20_000))
    account = member_account(wallet, "free")
    posting = Posting(1, "base", "earn", 0, "brand:2:liability", account, 59, SHOP)
    return posting_key(TENANT, UUID(int=number), posting), posting


def _rate(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return POSTINGS / (time.perf_counter() - started)


def _refunding(bench: Bench, rng: random.Random) -> None:
    times: list[float] = []
    left = 0
    for number in range(REFUNDS):
        nets = [rng.randrange(100, 9_900) for _ in range(LINES)]
        receipt = Receipt(
            UUID(int=number),
            tuple(ReceiptLine(line, 2_000, net) for line, net in enumerate(nets, start=1)),
            100,
        )
        free = member_account(WALLET, "free")
        booked = (
            *redeem_postings(100, free, SHOP),
            *earn_postings(Priced(nets), RULE, "x", WALLET, SHOP, 100),
        )
        standing = Standing(receipt, booked, {})
        for returned in ([Returned(1, 1_000)], _rest_of(receipt)):
            started = time.perf_counter()
            made = plan_refund(
                standing,
                returned,
                wallet=WALLET,
                purses={"free": 10_000, "qualifying": 10_000},
            )
            times.append((time.perf_counter() - started) * 1_000)
            standing = Standing(
                receipt,
                standing.postings + made.postings,
                made.returned,
                standing.refunded_fen + made.money_fen,
                standing.points_fen_back + made.points_fen,
                standing.refunds + 1,
            )
        left += abs(receipt.total_fen - 100 - standing.refunded_fen)
    bench.add_times(f"plan a refund, {LINES} lines", times, p95_bar=None)
    bench.add(Row("refund in two parts: money left over", left, "fen", 0))


def _rest_of(receipt: Receipt) -> list[Returned]:
    return [Returned(1, 1_000), *(Returned(line.line, 2_000) for line in receipt.lines[1:])]


def _folding(bench: Bench, rng: random.Random) -> None:
    times: list[float] = []
    wrong = count = 0
    for wallet in range(1, WALLETS + 1):
        history = _history(rng, UUID(int=wallet))
        count += len(history)
        started = time.perf_counter()
        book = fold(history, EXPIRY)
        times.append((time.perf_counter() - started) * 1_000)
        rng.shuffle(history)
        other = fold(history, EXPIRY)
        wrong += book.lots(UUID(int=wallet)) != other.lots(UUID(int=wallet))
    bench.add_times(f"lots of a wallet with {RECEIPTS} receipts", times, p95_bar=None)
    rate = count / (sum(times) / 1_000)
    bench.add(Row("lots: postings", rate, "/s", None, "higher"))
    bench.add(Row("lots that differ after shuffling", wrong, "wallets", 0))


def _history(rng: random.Random, wallet: UUID) -> list[Dated]:
    found: list[Dated] = []
    balance = 0
    free = member_account(wallet, "free")
    for number in range(RECEIPTS):
        receipt = UUID(int=(wallet.int << 32) + number)
        earned = earn_postings(Priced([rng.randrange(5_000)] * LINES), RULE, "x", wallet, SHOP)
        spent = redeem_postings(rng.randrange(balance + 1) // 2, free, SHOP)
        balance += sum(one.points for one in earned if one.kind == "earn")
        balance -= sum(one.points for one in spent)
        day = FIRST + timedelta(days=4 * number)
        found += [
            Dated(posting_key(TENANT, receipt, one), one, day, number) for one in (*spent, *earned)
        ]
    return found


if __name__ == "__main__":
    sys.exit(main())
