"""A member as shops hold her, built from what the cloud knows."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from uuid import UUID

from retail_core import limits
from retail_core.insight import till_tags
from retail_core.insight.till_tags import Known
from retail_core.loyalty.postings import MemberPurse, member_account
from retail_core.wire.member import CallNote, MemberRecord, PhoneKey, Purchase
from retail_core.wire.standing import CouponHeld, GiftDue, RuleUse, TaskReached, TierStanding

LAST_LINES_MAX = 10
# A shop adds up what it booked itself since; it has to find each of those receipts here.
POSTED_RECEIPTS_MAX = 20
NOTHING_KNOWN = Known()
PURSES_SHOWN: tuple[MemberPurse, ...] = ("free", "pending", "qualifying", "owed")


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """A receipt of a member as far as her record needs it."""

    receipt_id: UUID
    store: UUID
    sold_ms: int
    total_fen: int
    store_name: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What shops are told of a member's tier, birthday, coupons and gifts, as it travels."""

    joined: int = 0
    birthday: int = 0
    groups: tuple[str, ...] = ()
    personal: bool = True
    standing: TierStanding | None = None
    coupons: tuple[CouponHeld, ...] = ()
    gifts: tuple[GiftDue, ...] = ()
    tasks: tuple[TaskReached, ...] = ()
    used: tuple[RuleUse, ...] = ()
    used_on: int = 0
    known: Known = NOTHING_KNOWN
    calls: tuple[CallNote, ...] = ()

    def joined_with(self, others: Iterable["Told"]) -> "Told":
        """Return this with the coupons and gifts of all that are the same person."""
        everyone = tuple(others)
        coupons = {one.id: one for told in everyone for one in told.coupons}
        gifts = {one.id: one for told in everyone for one in told.gifts}
        return replace(
            self,
            joined=min((told.joined for told in everyone), default=self.joined),
            birthday=self.birthday or max((told.birthday for told in everyone), default=0),
            personal=all(told.personal for told in everyone),
            known=_known_by(everyone),
            calls=tuple(call for told in everyone for call in told.calls),
            used=_used_by(everyone),
            used_on=max((told.used_on for told in everyone), default=0),
            coupons=tuple(sorted(coupons.values(), key=lambda one: (one.last_day, one.id))),
            gifts=tuple(sorted(gifts.values(), key=lambda one: (one.last_day, one.id))),
        )


def _known_by(everyone: tuple[Told, ...]) -> Known:
    """Put together what is known of all that are the same person; consents of each are needed."""
    found = [told.known for told in everyone]
    return reduce(Known.with_, found) if found else NOTHING_KNOWN


def _used_by(everyone: tuple[Told, ...]) -> tuple[RuleUse, ...]:
    """Add up the uses of all that are the same person; today's where it is the newest day."""
    newest = max((told.used_on for told in everyone), default=0)
    ever, today = Counter[str](), Counter[str]()
    for told in everyone:
        for use in told.used:
            ever[use.rule] += use.ever
            today[use.rule] += use.today if told.used_on == newest else 0
    return tuple(RuleUse(rule, ever[rule], today[rule]) for rule in ever)


NOTHING_TOLD = Told()


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What the tables say of a member; `receipts` are the last booked, newest first.

    `leased` points are hers like the free ones: they only lie in the boxes of some stores.
    """

    member: UUID
    wallet: UUID
    ver: int
    name: str
    tier: str
    tags: tuple[str, ...]
    phone_masked: str
    phone_hash: bytes | None
    home_store: UUID
    balances: Mapping[str, int]
    phone_keys: tuple[tuple[bytes, bytes], ...]
    cards: tuple[bytes, ...]
    receipts: tuple[HeldReceipt, ...]
    last_lines: tuple[Purchase, ...]
    digit_secret: bytes = field(default=b"", repr=False)
    withdrawn_ms: int = 0
    walk_up_withdrawn_ms: int = 0
    guardian_withdrawn_ms: int = 0
    leased: int = 0
    told: Told = NOTHING_TOLD


def accounts_of(wallet: UUID) -> tuple[str, ...]:
    """Return the accounts that a record or page shows."""
    return tuple(member_account(wallet, purse) for purse in PURSES_SHOWN)


def spendable(free: int, leased: int, owed: int) -> int:
    """Return what she is shown as hers to spend: what she owes (0 or less) is taken off first."""
    return max(0, free + leased + owed)


def last_of(receipts: tuple[HeldReceipt, ...]) -> HeldReceipt | None:
    """Return her last purchase: late arrivals of an older day do not count as the last."""
    return max(receipts, key=lambda receipt: receipt.sold_ms, default=None)


def record_of(facts: MemberFacts) -> MemberRecord:
    """Build the record."""
    free, pending, _, owed = accounts_of(facts.wallet)
    last = last_of(facts.receipts)
    return MemberRecord(
        wallet=facts.wallet.bytes,
        name=facts.name,
        tier=facts.tier,
        tags=facts.tags,
        points_free=spendable(
            facts.balances.get(free, 0), facts.leased, facts.balances.get(owed, 0)
        ),
        points_pending=facts.balances.get(pending, 0),
        phone_masked=facts.phone_masked,
        phone_hash=facts.phone_hash,
        phone_keys=tuple(PhoneKey(key_id, public) for key_id, public in facts.phone_keys),
        cards=facts.cards,
        home_store=facts.home_store.bytes,
        last_receipt=None if last is None else last.receipt_id.bytes,
        last_store=None if last is None else last.store.bytes,
        last_wall_ms=0 if last is None else last.sold_ms,
        last_total_fen=0 if last is None else last.total_fen,
        last_lines=facts.last_lines[:LAST_LINES_MAX],
        posted_receipts=tuple(receipt.receipt_id.bytes for receipt in facts.receipts),
        digit_secret=facts.digit_secret,
        withdrawn_ms=facts.withdrawn_ms,
        walk_up_withdrawn_ms=facts.walk_up_withdrawn_ms,
        guardian_withdrawn_ms=facts.guardian_withdrawn_ms,
        joined=facts.told.joined,
        birthday=facts.told.birthday,
        groups=facts.told.groups,
        personal=facts.told.personal,
        coupons=facts.told.coupons[: limits.MEMBER_COUPONS_MAX],
        gifts=facts.told.gifts[: limits.MEMBER_GIFTS_MAX],
        standing=facts.told.standing,
        used=facts.told.used[: limits.MEMBER_USES_MAX],
        used_on=facts.told.used_on,
        tasks=facts.told.tasks[: limits.TASKS_MAX],
        last_store_name="" if last is None else last.store_name,
        worked=till_tags.told(facts.told.known),
        calls=facts.told.calls[: limits.MEMBER_CALLS_MAX],
    )
