"""What stands behind a tapped receipt: her points, or the code with which she claims them later.

Only behind a receipt that was booked just now. A second copy of it, a report, an order for the
kitchen, a picture, a receipt that did not add up: nothing is booked, so nothing is added, and no
claim exists twice. What could not be printed in time is not printed later.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import structlog

from edge_agent.domain.member_view import MemberView
from edge_agent.domain.slip import Slip, SlipLine
from edge_agent.domain.tapped import TappedBooking, TappedOutcome
from edge_agent.ports.till_tap import TappedReceipt, TillTap
from edge_agent.services.members.members import Members
from edge_agent.services.tills.append_words import EN, ZH, Words
from edge_agent.services.tills.claim_links import ClaimLinks
from edge_agent.services.tills.write_permit import Channel, WritePermit
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

PRINTED = "printed"

log = structlog.get_logger("append")


@dataclass(frozen=True, slots=True)
class AppendWish:
    """What one till's receipts are to carry; `within_ms` is how late it may still be printed.

    `own` is the house's last line, in Chinese and in English.
    """

    points: bool = True
    tier: bool = True
    savings: bool = True
    receipt_code: bool = True
    claim_code: bool = True
    language: Literal["zh", "en"] = "zh"
    within_ms: int = 800
    own: tuple[str, str] = ("", "")

    def words(self) -> tuple[tuple[Words, str], ...]:
        """Return what is said with the house's own line under it, the preferred language first."""
        both = ((ZH, self.own[0]), (EN, self.own[1]))
        return both if self.language == "zh" else both[::-1]


@dataclass(frozen=True, slots=True)
class _Figures:
    """What is said to a member of one receipt; None is left out."""

    points: int | None
    view: MemberView
    tier: str
    saved_fen: int


class AppendReceipt:
    """Prints slips; called by each till's own loop, right after its receipt was booked."""

    def __init__(  # noqa: PLR0913 -- the parts a slip is made of
        self,
        wishes: Mapping[UUID, AppendWish],
        taps: Mapping[UUID, TillTap],
        permit: WritePermit,
        members: Members,
        claims: ClaimLinks,
        tier_names: Callable[[str], Mapping[str, str]],
        tally: FaultTally,
    ) -> None:
        self._wishes = wishes
        self._taps = taps
        self._permit = permit
        self._members = members
        self._claims = claims
        self._tier_names = tier_names
        self._tally = tally
        self._lock = threading.Lock()
        self._outcomes: dict[UUID, Counter[str]] = {}

    def booked(self, receipt: TappedReceipt, booking: TappedBooking) -> FaultCode | None:
        """Print what belongs behind a receipt; returns why not, None when printed or not wanted."""
        wish, tap = self._wishes.get(booking.till), self._taps.get(booking.till)
        if wish is None or tap is None or booking.outcome is not TappedOutcome.BOOKED:
            return None
        permit = self._permit.may(booking.till, Channel.APPEND)
        if not permit.allowed:
            return self._count(booking.till, permit.reason or FaultCode.TILL_WRITE_OFF)
        slip = self._slip(wish, receipt, booking)
        if slip is None:
            return None
        refused = tap.append(receipt, slip, timeout_ms=wish.within_ms)
        if refused is not None:
            self._tally.count(refused)
        return self._count(booking.till, refused)

    def outcomes(self, till: UUID) -> dict[str, int]:
        """Return how often a till's slip was printed, or why not, since the start."""
        with self._lock:
            return dict(self._outcomes.get(till, ()))

    # ---- inside ---------------------------------------------------------------------------------

    def _count(self, till: UUID, refused: FaultCode | None) -> FaultCode | None:
        with self._lock:
            key = PRINTED if refused is None else refused.value
            self._outcomes.setdefault(till, Counter())[key] += 1
        return refused

    def _slip(
        self, wish: AppendWish, receipt: TappedReceipt, booking: TappedBooking
    ) -> Slip | None:
        if booking.receipt_id is None:
            return None
        if booking.member_id is None:
            return self._claim(wish, booking.receipt_id)
        view = self._members.view(booking.member_id)
        if view is None:
            return None
        tier = self._tier_names(wish.language).get(view.tier, "") if wish.tier else ""
        saved = sum(-line.amount_fen for line in receipt.lines if line.amount_fen < 0)
        figures = _Figures(
            booking.points_earned if wish.points else None,
            view,
            tier,
            saved if wish.savings else 0,
        )
        code, rows = "", tuple[str, ...]()
        if wish.receipt_code:
            code, rows = self._claims.receipt_page(booking.receipt_id)
        wordings = tuple(
            _signed(_to_member(one, figures, coded=bool(code)), own) for one, own in wish.words()
        )
        return Slip(wordings, code, rows) if any(wordings) else None

    def _claim(self, wish: AppendWish, receipt_id: UUID) -> Slip | None:
        if not wish.claim_code:
            return None
        try:
            link = self._claims.link(receipt_id)
        except Fault as fault:
            log.warning("no_claim_code", code=fault.code.value)
            return None
        wordings = tuple(
            _signed((SlipLine(one.claim, centred=True), SlipLine(one.claim_how, centred=True)), own)
            for one, own in wish.words()
        )
        return Slip(wordings, link.claim_uri, link.rows)


def _signed(lines: tuple[SlipLine, ...], own: str) -> tuple[SlipLine, ...]:
    """Return a slip's lines with the house's own one as the last; it alone is no slip."""
    return (*lines, SlipLine(own, centred=True)) if lines and own else lines


def _to_member(words: Words, figures: _Figures, *, coded: bool) -> tuple[SlipLine, ...]:
    """Say it to a member; her name is not printed, receipts are left lying about."""
    lines: list[SlipLine] = []
    view = figures.view
    if figures.points is not None:
        lines.append(SlipLine(words.earned, f"+{figures.points:,}"))
        lines.append(SlipLine(words.points, f"{view.points_free:,}"))
        waiting = view.points_pending + view.pending_local_points
        if waiting:
            lines.append(SlipLine(words.waiting, f"{waiting:,}"))
    if figures.tier:
        lines.append(SlipLine(words.tier, figures.tier))
    if figures.saved_fen:
        lines.append(
            SlipLine(words.saved, f"{figures.saved_fen // 100}.{figures.saved_fen % 100:02d}")
        )
    if coded:
        lines.append(SlipLine(words.receipt, centred=True))
    return (SlipLine(words.title, centred=True), *lines) if lines else ()
