"""Puts the taps of one till together, one event at a time: what happened in, the basket out.

Nothing here is certain but sums: a line is SURE only when scanner and display name the same amount
for it and the sum shown afterwards is that of all lines. So a code the till refused, a void nobody
saw, a scan that was lost all keep lines from being sure instead of making a wrong one sure. Events
may come late or twice: each carries the moment it was caught, and one that is older than its sale
is not taken into the next.
"""

from dataclasses import dataclass, field, replace

from retail_core.fusion.basket import (
    FusedBasket,
    FusedLine,
    Stage,
    changed,
    confirmed,
    doubted,
    least,
    settled,
    sum_of,
    with_changed,
    with_line,
    without,
)
from retail_core.fusion.taps import PrintedTotal, Scanned, Show, Shown, Tapped
from retail_core.limits import LINES_MAX

# A till answers a scan on its display within this time; nobody keys a price by hand so fast.
PAIR_MS = 1_000
# A till that clears the display to write on it does so within this time.
REWRITE_MS = 300
# A sale nobody touches is over, a parked one is forgotten, a paid one prints or never will.
IDLE_MS = 10 * 60_000
PARKED_MS = 60 * 60_000
PAID_MS = 2 * 60_000
# The next customer's first goods are scanned while the last receipt still prints.
CARRY_MS = 30_000
PARKED_MAX = 8
PAID_MAX = 4
HEARD_MAX = 64
QUANTITY_MAX = 99
_MILLI = 1000


@dataclass(frozen=True, slots=True)
class TillState:
    """One till: the sale at the counter, those paid that wait for their receipt, those parked.

    `ended_ms` is when the last sale was paid; `done` is the sale that the last receipt settled.
    `heard` are the last events, so that one that comes twice counts once.
    """

    now: FusedBasket = field(default_factory=FusedBasket)
    paid: tuple[FusedBasket, ...] = ()
    parked: tuple[FusedBasket, ...] = ()
    done: FusedBasket | None = None
    ended_ms: int = -1
    heard: tuple[Tapped, ...] = ()


def fold(state: TillState, event: Tapped) -> TillState:
    """Return the state after one more event."""
    if event in state.heard:
        return state
    state = expired(state, event.mono_ms)
    state = replace(state, heard=(*state.heard, event)[-HEARD_MAX:])
    match event:
        case PrintedTotal():
            return _printed(state, event)
        case _ if event.mono_ms <= state.ended_ms:
            return state
        case Scanned():
            return replace(state, now=_scanned(state.now, event))
        case Shown():
            return _shown(state, event)


def expired(state: TillState, mono_ms: int) -> TillState:
    """Forget what nobody came back for."""
    now = state.now
    if now.lines and mono_ms - now.last_ms > IDLE_MS:
        state = replace(state, now=FusedBasket(), ended_ms=max(state.ended_ms, now.last_ms))
    return replace(
        state,
        paid=tuple(one for one in state.paid if mono_ms - one.last_ms <= PAID_MS),
        parked=tuple(one for one in state.parked if mono_ms - one.last_ms <= PARKED_MS),
    )


# ---- scanner ------------------------------------------------------------------------------------


def _scanned(now: FusedBasket, event: Scanned) -> FusedBasket:
    if len(now.lines) >= LINES_MAX:
        return now
    line = _line_of(event)
    now = replace(now, began_ms=now.began_ms or event.mono_ms)
    for shown in reversed(now.lines):
        # The answer may be heard before the scan, but it was never caught before it.
        answers = 0 <= shown.mono_ms - event.mono_ms <= PAIR_MS
        if answers and not shown.scanned and shown.amount_fen == line.amount_fen:
            return with_changed(
                now,
                replace(line, line=shown.line, shown=True, doubted=shown.doubted),
                event.mono_ms,
            )
    return with_line(now, line)


def _line_of(event: Scanned) -> FusedLine:
    amount = event.amount_fen
    if amount is None and event.unit_fen is not None:
        amount = (event.unit_fen * event.qty_milli + _MILLI // 2) // _MILLI
    return FusedLine(
        line=0,
        code=event.code,
        sku=event.sku,
        name=event.name,
        qty_milli=event.qty_milli,
        unit_fen=event.unit_fen,
        amount_fen=amount,
        mono_ms=event.mono_ms,
        scanned=True,
    )


# ---- display ------------------------------------------------------------------------------------


def _shown(state: TillState, event: Shown) -> TillState:
    state = replace(state, now=_after_clear(state.now, event))
    now, amount = state.now, event.amount_fen
    match event.kind:
        case Show.PRICE if amount is not None:
            return replace(state, now=_price(now, amount, event.mono_ms))
        case Show.SUBTOTAL | Show.TOTAL if amount is not None:
            state = _sum(state, amount, event.mono_ms)
            if event.kind is Show.TOTAL and state.now.lines:
                state = replace(state, now=_marked(state.now, Stage.PAYING))
            return state
        case Show.RECEIVED:
            return replace(state, now=_marked(now, Stage.PAYING)) if now.lines else state
        case Show.CHANGE:
            return _paid(state, event.mono_ms)
        case Show.CLEAR:
            return replace(state, now=replace(now, cleared_ms=event.mono_ms))
        case _:
            return state


def _after_clear(now: FusedBasket, event: Shown) -> FusedBasket:
    """Mark where the display stayed empty: what follows may be another customer's."""
    if now.cleared_ms is None or event.kind is Show.CLEAR:
        return now
    rested = event.mono_ms - now.cleared_ms > REWRITE_MS
    # What was scanned meanwhile belongs to what is shown now.
    before = sum(one.mono_ms <= now.cleared_ms for one in now.lines)
    return replace(now, cleared_ms=None, head=max(now.head, before) if rested else now.head)


def _marked(now: FusedBasket, stage: Stage) -> FusedBasket:
    return replace(now, stage=stage, head=len(now.lines))


def _price(now: FusedBasket, amount: int, mono_ms: int) -> FusedBasket:
    """Take a price that was shown: it answers a scan, takes a line out, or stands alone."""
    waiting = [one for one in now.lines if not one.shown and 0 <= mono_ms - one.mono_ms <= PAIR_MS]
    for line in reversed(waiting):
        if line.amount_fen == amount:
            return with_changed(now, replace(line, shown=True), mono_ms)
    if amount < 0:
        return _voided(now, -amount, mono_ms)
    if waiting:
        return with_changed(now, _inferred(waiting[-1], amount), mono_ms)
    if len(now.lines) >= LINES_MAX:
        return now
    now = replace(now, began_ms=now.began_ms or mono_ms)
    keyed = FusedLine(0, "", "", "", _MILLI, amount, amount, mono_ms, shown=True)
    return with_line(now, keyed)


def _inferred(line: FusedLine, amount: int) -> FusedLine:
    """Read another amount than the article's as a quantity if it can be one, else as its price."""
    unit = line.unit_fen or 0
    times = amount // unit if unit and amount % unit == 0 else 0
    if 1 < times <= QUANTITY_MAX and line.qty_milli == _MILLI:
        qty = times * _MILLI
        return replace(line, qty_milli=qty, amount_fen=amount, shown=True, inferred=True)
    return replace(line, amount_fen=amount, shown=True, inferred=True)


def _voided(now: FusedBasket, amount: int, mono_ms: int) -> FusedBasket:
    """Take the last line of this amount out; a void of nothing known leaves nothing sure."""
    for line in reversed(now.lines):
        if line.amount_fen == amount:
            return without(now, line, mono_ms)
    return changed(now, mono_ms)


def _sum(state: TillState, shown_fen: int, mono_ms: int) -> TillState:
    """Look for what a sum is the sum of: the sale, without prices shown twice, or part of it."""
    now = state.now
    if mono_ms < now.changed_ms:
        return state  # it is of an earlier moment than the lines
    stands = replace(now, shown_fen=shown_fen, last_ms=mono_ms)
    if now.lines and now.sum_fen == shown_fen:
        return replace(state, now=confirmed(_answered(stands, shown_fen, now), shown_fen, mono_ms))
    if 0 < now.head < len(now.lines) and sum_of(now.lines[now.head :]) == shown_fen:
        return _parted(state, shown_fen, mono_ms)
    for parked in state.parked:
        if sum_of((*parked.lines, *now.lines)) == shown_fen:
            return _recalled(state, parked, shown_fen, mono_ms)
    once = _once(stands)
    if once.lines and once.sum_fen == shown_fen:
        return replace(state, now=confirmed(once, shown_fen, mono_ms))
    return replace(state, now=doubted(stands))


def _once(now: FusedBasket) -> FusedBasket:
    """Take out prices no scan stands behind: shown twice, or keyed; who can tell the like apart."""
    kept = (one for one in now.lines if one.scanned)
    alone = {one.amount_fen for one in now.lines if not one.scanned}
    doubted = (replace(one, inferred=one.inferred or one.amount_fen in alone) for one in kept)
    lines = tuple(replace(one, confidence=min(one.confidence, least(one))) for one in doubted)
    return replace(now, lines=lines, head=min(now.head, len(lines)))


def _answered(stands: FusedBasket, shown_fen: int, before: FusedBasket) -> FusedBasket:
    """Let a running sum that grew by the last scan's amount stand for the price not shown."""
    last = stands.lines[-1]
    grew = shown_fen - (before.shown_fen or 0)
    in_time = stands.last_ms - last.mono_ms <= PAIR_MS
    if last.shown or last.amount_fen != grew or not in_time:
        return stands
    return replace(stands, lines=(*stands.lines[:-1], replace(last, shown=True)))


def _parted(state: TillState, shown_fen: int, mono_ms: int) -> TillState:
    """Begin another sale with the lines after the mark; the ones before it were paid or parked."""
    now = state.now
    before = replace(now, lines=now.lines[: now.head], last_ms=mono_ms)
    after = replace(
        now, lines=now.lines[now.head :], stage=Stage.OPEN, head=0, began_ms=now.changed_ms
    )
    state = replace(state, now=confirmed(after, shown_fen, mono_ms))
    if now.stage is Stage.OPEN:
        return replace(state, parked=(*state.parked, before)[-PARKED_MAX:])
    return replace(state, paid=(*state.paid, replace(before, stage=Stage.PAID))[-PAID_MAX:])


def _recalled(state: TillState, parked: FusedBasket, shown_fen: int, mono_ms: int) -> TillState:
    """Take a parked sale up again, with what was scanned since."""
    now = state.now
    moved = [replace(one, line=parked.next_line + place) for place, one in enumerate(now.lines)]
    joined = replace(
        parked,
        lines=(*parked.lines, *moved),
        next_line=parked.next_line + len(moved),
        changed_ms=max(parked.changed_ms, now.changed_ms),
        last_ms=mono_ms,
        head=len(parked.lines),
    )
    others = tuple(one for one in state.parked if one is not parked)
    return replace(state, now=confirmed(joined, shown_fen, mono_ms), parked=others)


# ---- the end of a sale --------------------------------------------------------------------------


def _paid(state: TillState, mono_ms: int) -> TillState:
    """Let a sale wait for its receipt; whatever was caught before this is none of the next one."""
    if not state.now.lines:
        return replace(state, ended_ms=max(state.ended_ms, mono_ms))
    paid = replace(state.now, stage=Stage.PAID, last_ms=mono_ms)
    return replace(
        state,
        now=FusedBasket(),
        paid=(*state.paid, paid)[-PAID_MAX:],
        ended_ms=max(state.ended_ms, mono_ms),
    )


def _printed(state: TillState, event: PrintedTotal) -> TillState:
    """Settle the sale whose receipt this is: one of its sum, else the one that waited longest."""
    total = event.total_fen
    for waiting in state.paid:
        if waiting.sum_fen == total:
            return _settle_paid(state, waiting, event)
    now = state.now
    for length in range(len(now.lines), 0, -1):
        late = all(event.mono_ms - one.mono_ms <= CARRY_MS for one in now.lines[length:])
        if late and sum_of(now.lines[:length]) == total:
            return _settle_now(state, length, event)
    if state.paid:
        return _settle_paid(state, state.paid[0], event)
    return _settle_now(state, len(now.lines), event)


def _settle_paid(state: TillState, paid: FusedBasket, event: PrintedTotal) -> TillState:
    others = tuple(one for one in state.paid if one is not paid)
    done = settled(paid, event.total_fen, event.mono_ms)
    return replace(state, paid=others, done=done)


def _settle_now(state: TillState, length: int, event: PrintedTotal) -> TillState:
    now = state.now
    done = settled(replace(now, lines=now.lines[:length]), event.total_fen, event.mono_ms)
    rest = now.lines[length:]
    ended = max(state.ended_ms, done.changed_ms if rest else event.mono_ms)
    if not rest:
        return replace(state, now=FusedBasket(), done=done, ended_ms=ended)
    carried = FusedBasket(
        lines=rest,
        next_line=now.next_line,
        began_ms=rest[0].mono_ms,
        changed_ms=now.changed_ms,
        last_ms=now.last_ms,
    )
    return replace(state, now=carried, done=done, ended_ms=state.ended_ms)
