"""Refunds as exact inverses: what is left afterwards depends on what is kept, not on the parts.

A refund does not undo postings one by one. It says what the kept rest would have earned, spent and
cost, and books the difference to what stands. So a receipt refunded in any number of parts, in any
order and in any shop, ends at nothing: every account, every lot, every point that qualifies.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from retail_core.checkout.receipt import Receipt
from retail_core.errors import Fault
from retail_core.loyalty.lots import base_kind
from retail_core.loyalty.postings import (
    EARN,
    MATURE,
    OWED,
    QUALIFY,
    REDEEM,
    RESTORED,
    REVERSED,
    MemberPurse,
    Posting,
    member_account,
)
from retail_core.texts.faults import FaultCode

SPENT = frozenset({REDEEM})
EARNED = frozenset({EARN, QUALIFY})
# What was earned, or spent, under one rule on one line.
Entry = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Returned:
    """How much of a line comes back."""

    line: int
    qty_milli: int


@dataclass(frozen=True, slots=True)
class Rest:
    """The kept rest, priced as if the rest had never been bought, and what it would have earned."""

    nets: Mapping[int, int]
    postings: tuple[Posting, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A receipt with everything booked for it so far; `refunds` counts the refunds before."""

    receipt: Receipt
    postings: tuple[Posting, ...]
    returned: Mapping[int, int]
    refunded_fen: int = 0
    points_fen_back: int = 0
    refunds: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """What a refund comes to: `money_fen` to hand out, points back, points taken, coupons back.

    `uses` are limited rules with the times that count no longer.
    """

    money_fen: int
    points_fen: int
    points_back: int
    points_taken: int
    points_owed: int
    postings: tuple[Posting, ...]
    returned: Mapping[int, int]
    coupons: tuple[str, ...]
    uses: tuple[tuple[str, int], ...] = ()


def plan_refund(
    standing: Standing,
    returned: Iterable[Returned],
    rest: Rest | None = None,
    *,
    wallet: UUID | None = None,
    purses: Mapping[MemberPurse, int] | None = None,
) -> Refund:
    """Work out a refund; without `rest` each line goes back in proportion to its quantity.

    `wallet` holds the points now (the receipt's, or the one it was merged into), `purses` what is
    in it: no purse is taken below nothing.
    Raises Faults P112 to P115, P117 for what cannot come back.
    """
    back = returned_after(standing, returned)
    nets = _kept_nets(standing.receipt, back, rest)
    total, kept = standing.receipt.total_fen, sum(nets.values())
    points_fen = kept_points_fen(standing.receipt, kept)
    points_fen_back = max(0, standing.receipt.points_fen - points_fen - standing.points_fen_back)
    worth = max(0, total - kept - standing.refunded_fen - standing.points_fen_back)
    booker = _Booker(wallet, purses or {}, standing.refunds, standing.postings)
    booker.give_back(_spent_target(standing, kept, total))
    for entry, target in _earned_targets(standing, back, rest).items():
        booker.settle_earned(entry, target)
    return Refund(
        money_fen=max(0, worth - points_fen_back),
        points_fen=points_fen_back,
        points_back=booker.back,
        points_taken=booker.taken,
        points_owed=booker.owed,
        postings=tuple(booker.made),
        returned=back,
        coupons=tuple(
            use.coupon for use in standing.receipt.coupons if _gone_now(standing, back, use.lines)
        ),
        uses=tuple(
            (use.rule, use.times)
            for use in standing.receipt.uses
            if _gone_now(standing, back, use.lines)
        ),
    )


def uses_gone(receipt: Receipt, back: Mapping[int, int]) -> tuple[tuple[str, int], ...]:
    """Return the limited rules of a receipt that count no longer, by all that came back so far."""
    standing = Standing(receipt, (), {})
    return tuple(
        (use.rule, use.times) for use in receipt.uses if _gone_now(standing, back, use.lines)
    )


def kept_points_fen(receipt: Receipt, kept_fen: int) -> int:
    """Return how much of the part paid by points the kept rest still carries."""
    return _share(receipt.points_fen, kept_fen, receipt.total_fen)


def returned_after(standing: Standing, returned: Iterable[Returned]) -> dict[int, int]:
    """Return what will have come back of each line (Faults P112, P113, P114, P117)."""
    bought = {line.line: line.qty_milli for line in standing.receipt.lines}
    now: Counter[int] = Counter()
    for one in returned:
        if one.line not in bought:
            raise Fault(FaultCode.REFUND_LINE_UNKNOWN, line=one.line)
        if one.qty_milli <= 0:
            raise Fault(FaultCode.REFUND_QUANTITY, line=one.line)
        now[one.line] += one.qty_milli
    if not now:
        raise Fault(FaultCode.REFUND_EMPTY)
    back = {line: standing.returned.get(line, 0) + now[line] for line in bought}
    for line, qty_milli in back.items():
        if qty_milli > bought[line]:
            left = bought[line] - standing.returned.get(line, 0)
            raise Fault(
                FaultCode.REFUND_TOO_MUCH,
                line=line,
                left=left,
                asked=now[line],
                left_qty=_said(max(0, left)),
                asked_qty=_said(now[line]),
            )
    return back


def _said(milli: int) -> str:
    """Write a quantity as the till screen does: 2 or 0.35."""
    whole, rest = divmod(milli, 1_000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


def _kept_nets(receipt: Receipt, back: Mapping[int, int], rest: Rest | None) -> dict[int, int]:
    """Return what is paid for the kept part of each line."""
    if rest is None:
        return {
            line.line: line.net_fen - _share(line.net_fen, back[line.line], line.qty_milli)
            for line in receipt.lines
        }
    kept = {line.line for line in receipt.lines if back[line.line] < line.qty_milli}
    if set(rest.nets) != kept or any(net < 0 for net in rest.nets.values()):
        raise Fault(FaultCode.REFUND_REST_WRONG)
    return dict(rest.nets)


def _share(whole: int, part: int, of: int) -> int:
    """Return `part`/`of` of a whole, rounded down; all of it when all is meant."""
    return whole if part >= of else whole * part // of


def standing_points(postings: Iterable[Posting]) -> Counter[Entry]:
    """Return what of each entry of a receipt still stands after all refunds so far."""
    left: Counter[Entry] = Counter()
    for posting in postings:
        base = base_kind(posting.kind)
        if base in EARNED | SPENT:
            undone = posting.kind in {base + REVERSED, base + OWED}
            sign = -1 if undone else 1
            left[posting.line, posting.rule, base] += sign * posting.points
    return left


def _earned_targets(
    standing: Standing, back: Mapping[int, int], rest: Rest | None
) -> dict[Entry, int]:
    """Return what each entry should stand at after the refund."""
    if rest is not None:
        targets = Counter(standing_points(rest.postings))
        names = standing_points(standing.postings).keys() | targets.keys()
        return {name: targets[name] for name in sorted(names) if name[2] in EARNED}
    bought = {line.line: line.qty_milli for line in standing.receipt.lines}
    first: Counter[Entry] = Counter()
    for posting in standing.postings:
        if posting.kind in EARNED:
            first[posting.line, posting.rule, posting.kind] += posting.points
    return {
        name: points - _share(points, back.get(name[0], 0), bought.get(name[0], 0))
        for name, points in sorted(first.items())
    }


def _spent_target(standing: Standing, kept_fen: int, total_fen: int) -> dict[Entry, int]:
    """Return what of each spending the kept rest still carries, never more than now."""
    left = standing_points(standing.postings)
    first: Counter[Entry] = Counter()
    for posting in standing.postings:
        if posting.kind in SPENT:
            first[posting.line, posting.rule, posting.kind] += posting.points
    return {
        name: min(left[name], points if kept_fen >= total_fen else points * kept_fen // total_fen)
        for name, points in sorted(first.items())
    }


def _gone_now(standing: Standing, back: Mapping[int, int], lines: frozenset[int]) -> bool:
    """Return whether all of these lines are back now and were not before."""
    bought = {line.line: line.qty_milli for line in standing.receipt.lines}

    def gone(returned: Mapping[int, int]) -> bool:
        return all(returned.get(line, 0) >= bought.get(line, 0) for line in lines)

    return gone(back) and not gone(standing.returned)


class _Booker:
    """Makes the postings from what stands to what should stand."""

    def __init__(
        self,
        wallet: UUID | None,
        purses: Mapping[MemberPurse, int],
        nth: int,
        booked: tuple[Posting, ...],
    ) -> None:
        self._wallet = wallet
        self._purses = Counter(purses)
        self._nth = nth
        self._booked = booked
        self._matured = any(posting.kind == MATURE for posting in booked)
        self._left = standing_points(booked)
        self.made: list[Posting] = []
        self.back = self.taken = self.owed = 0

    def give_back(self, targets: Mapping[Entry, int]) -> None:
        """Put spent points back; a lease they came from may be gone, so they become free."""
        for entry, target in targets.items():
            points = self._left[entry] - target
            if points:
                original = self._original(entry)
                self._post(original, REVERSED, (original.credit, self._member("free")), points)
                self.back += points
                self._purses["free"] += points

    def settle_earned(self, entry: Entry, target: int) -> None:
        """Take back what the kept rest does not earn, or give what it earns more on this line."""
        points = self._left[entry] - target
        if points == 0:
            return
        original = self._original(entry)
        purse = self._purse(original, points)
        if entry[2] == EARN:
            self.taken += points
        if points < 0:
            self._post(original, RESTORED, (original.debit, self._member(purse)), -points)
            self._purses[purse] -= points
            return
        there = min(points, self._purses[purse])
        self._purses[purse] -= there
        if there:
            self._post(original, REVERSED, (self._member(purse), original.debit), there)
        if points > there and entry[2] == EARN:
            self._post(original, OWED, (self._member("owed"), original.debit), points - there)
            self.owed += points - there

    def _original(self, entry: Entry) -> Posting:
        line, rule, kind = entry
        for posting in self._booked:
            if (posting.rule, posting.kind) == (rule, kind) and posting.line == line:
                return posting
        for posting in self._booked:  # the rest earns on a line that earned nothing before
            if (posting.rule, posting.kind) == (rule, kind):
                return replace(posting, line=line)
        raise Fault(FaultCode.REFUND_REST_WRONG)

    def _purse(self, original: Posting, points: int) -> MemberPurse:
        """Return where the points lie now: pending ones may have matured."""
        if original.kind == QUALIFY:
            return "qualifying"
        waits = original.credit.endswith(":pending") and not self._matured
        return "pending" if waits and points <= self._purses["pending"] else "free"

    def _member(self, purse: MemberPurse) -> str:
        if self._wallet is None:
            raise Fault(FaultCode.REFUND_REST_WRONG)
        return member_account(self._wallet, purse)

    def _post(self, original: Posting, suffix: str, accounts: tuple[str, str], points: int) -> None:
        debit, credit = accounts
        self.made.append(
            Posting(
                original.line,
                original.rule,
                base_kind(original.kind) + suffix,
                self._nth,
                debit,
                credit,
                points,
                original.issuer,
                original.redeemer,
            )
        )
