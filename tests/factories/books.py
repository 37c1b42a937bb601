"""A brand's books in memory: everything that can happen to points, as postings, day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from retail_core.checkout.receipt import CouponUse, Receipt, ReceiptLine
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.lots import Dated, Lot, LotBook, fold
from retail_core.loyalty.merging import merging, unmerging
from retail_core.loyalty.policy import Policies
from retail_core.loyalty.postings import (
    ADJUST,
    Ledger,
    MemberPurse,
    Posting,
    brand_account,
    leased_account,
    member_account,
    posting_key,
)
from retail_core.loyalty.refunds import Refund, Rest, Returned, Standing, plan_refund
from retail_core.loyalty.spending import redeem_postings
from retail_core.loyalty.upkeep import expiring, maturing, settling
from retail_core.pricing.rules.ruleset import EarnRule
from tests.factories.pricing import TENANT, priced

FIRST_DAY = date(2026, 11, 22)
SHOP, OTHER_SHOP = UUID(int=21), UUID(int=22)
ANN, BEA = UUID(int=31), UUID(int=32)
RULE = EarnRule(id="yuan", fen_per_point=100)
PENDING_RULE = EarnRule(id="yuan", fen_per_point=100, pending=True)
PURSES: tuple[MemberPurse, ...] = ("free", "pending", "qualifying")


@dataclass
class Sold:
    """A receipt of the books and what came back of it so far."""

    receipt: Receipt
    wallet: UUID
    issuer: UUID
    returned: Mapping[int, int] = field(default_factory=dict)
    money_fen: int = 0
    points_fen: int = 0
    refunds: int = 0


@dataclass
class Books:
    """Posts to a ledger and keeps every posting with its day."""

    policies: Policies = field(default_factory=Policies)
    day: date = FIRST_DAY
    moment: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    dated: list[Dated] = field(default_factory=list)
    sold: list[Sold] = field(default_factory=list)
    merged: dict[UUID, tuple[UUID, UUID, tuple[Posting, ...]]] = field(default_factory=dict)
    numbers: int = 1000

    def fresh(self) -> UUID:
        self.numbers += 1
        return UUID(int=self.numbers)

    def wait(self, days: int) -> None:
        self.day += timedelta(days=days)

    def post(self, receipt_id: UUID, *postings: Posting) -> None:
        self.moment += 1
        for posting in postings:
            key = posting_key(TENANT, receipt_id, posting)
            self.ledger.post(key, posting)
            self.dated.append(Dated(key, posting, self.day, self.moment))

    # ---- what is left ---------------------------------------------------------------------------

    def balance(self, wallet: UUID, purse: MemberPurse = "free") -> int:
        return self.ledger.balance(member_account(wallet, purse))

    def book(self) -> LotBook:
        return fold(self.dated, self.policies)

    def state(self) -> dict[str, int]:
        """Every account that is not empty."""
        return {name: points for name, points in self.ledger.balances().items() if points}

    # ---- what happens ---------------------------------------------------------------------------

    def sell(
        self,
        wallet: UUID,
        *nets: int,
        points: int = 0,
        shop: UUID = SHOP,
        rule: EarnRule = RULE,
        qty_milli: int = 3000,
        coupons: tuple[CouponUse, ...] = (),
    ) -> Sold:
        """A receipt of some lines, `points` of it (one fen each) paid by points."""
        lines = tuple(ReceiptLine(n, qty_milli, net) for n, net in enumerate(nets, start=1))
        receipt = Receipt(self.fresh(), lines, points, coupons)
        sold = Sold(receipt, wallet, shop)
        self.sold.append(sold)
        spent = redeem_postings(points, member_account(wallet, "free"), shop)
        earned = earn_postings(priced(*nets), rule, "standard", wallet, shop, points)
        self.post(receipt.receipt_id, *spent, *earned)
        return sold

    def standing(self, sold: Sold) -> Standing:
        receipt_id = sold.receipt.receipt_id
        booked = tuple(d.posting for d in self.dated if d.key.receipt_id == receipt_id)
        return Standing(
            sold.receipt, booked, sold.returned, sold.money_fen, sold.points_fen, sold.refunds
        )

    def refund(self, sold: Sold, *parts: tuple[int, int], rest: Rest | None = None) -> Refund:
        """Take back (line, thousandths)."""
        made = plan_refund(
            self.standing(sold),
            [Returned(line, qty) for line, qty in parts],
            rest,
            wallet=self.holder(sold.wallet),
            purses=self.purses(self.holder(sold.wallet)),
        )
        self.post(sold.receipt.receipt_id, *made.postings)
        sold.returned = made.returned
        sold.money_fen += made.money_fen
        sold.points_fen += made.points_fen
        sold.refunds += 1
        return made

    def grant(self, wallet: UUID, points: int, issuer: UUID = SHOP) -> None:
        accounts = brand_account(issuer, "adjust"), member_account(wallet, "free")
        self.post(self.fresh(), Posting(0, "manual", ADJUST, 0, *accounts, points, issuer))

    def lend(self, wallet: UUID, points: int) -> None:
        accounts = member_account(wallet, "free"), leased_account(wallet, UUID(int=77), 1)
        self.post(self.fresh(), Posting(0, "lease", "lease", 0, *accounts, points, SHOP))

    def expire(self, wallet: UUID) -> int:
        made = expiring(self.book().lots(wallet), wallet, self.balance(wallet), self.day)
        for posted_under, posting in made:
            self.post(posted_under, posting)
        return sum(posting.points for _, posting in made)

    def mature(self, wallet: UUID) -> None:
        pending = self.book().lots(wallet, "pending")
        for receipt_id, posting in maturing(pending, wallet, self.day, self.policies):
            self.post(receipt_id, posting)

    def settle(self, wallet: UUID) -> None:
        owed = -self.balance(wallet, "owed")
        posting = settling(wallet, self.balance(wallet), owed, SHOP)
        if posting is not None:
            self.post(self.fresh(), posting)

    def merge(self, source: UUID, target: UUID) -> UUID:
        book, merge_id = self.book(), self.fresh()
        lots: dict[MemberPurse, Sequence[tuple[Lot, int]]] = {
            "free": book.lots(source),
            "pending": book.lots(source, "pending"),
        }
        made = merging(source, target, self.purses(source), lots)
        self.merged[merge_id] = source, target, made
        self.post(merge_id, *made)
        return merge_id

    def unmerge(self, merge_id: UUID) -> None:
        _, target, made = self.merged[merge_id]
        self.post(merge_id, *unmerging(made, target, self.purses(target)))

    def purses(self, wallet: UUID) -> dict[MemberPurse, int]:
        return {purse: self.balance(wallet, purse) for purse in (*PURSES, "owed")}

    def holder(self, wallet: UUID) -> UUID:
        """Who has the points now: a merge may have moved them, and the next one moved them on."""
        for source, target, _ in self.merged.values():
            if source == wallet:
                return target
        return wallet
