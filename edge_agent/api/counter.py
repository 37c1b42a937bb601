"""A counter as its screen sees it: who was recognised, which card, which printed receipt.

One of these stands between the devices' threads and the API: both tell the screen of the lane it
happened at, and no other.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from edge_agent.api.hub import EventHub
from edge_agent.api.models.identify import IdentifyAnswered, VisitEnded
from edge_agent.api.views import Views, face, frame
from edge_agent.api.visits import Visits
from edge_agent.domain.lanes import Place
from edge_agent.domain.tapped import TappedBooking
from edge_agent.ports.nfc import CardTap, NfcReader
from edge_agent.recognition.enrol import EnrolFrame, EnrolPlan
from edge_agent.recognition.proofs import Proofs
from edge_agent.recognition.race import now_ms
from edge_agent.recognition.weak_cards import NO_WEAK_CARDS, WeakCards
from edge_agent.services.recognition.identify import Identification
from edge_agent.services.recognition.watch_lane import WatchLane
from retail_core.errors import Fault
from retail_core.identity.assurance import Action, Standing, allows
from retail_core.texts.faults import FaultCode

CARD_WAIT_MS = 10_000
CARD_SLICE_MS = 250
CARD_FRESH_MS = 3_000
PAUSE_S = 0.01
DOOR_S = 0.5


class Counter:
    """Tells what happened at which lane; safe to call from several threads."""

    def __init__(
        self, hub: EventHub, views: Views, visits: Visits, draw: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._hub = hub
        self.draw = draw
        self._views = views
        self._visits = visits

    def armed(self, place: Place, deadline_ms: int) -> None:
        """Tell the screen that somebody asked who stands there."""
        told = {"outcome": "armed", "deadline_ms": deadline_ms}
        self._hub.publish("recognition", told, lane=place.lane)

    def recognised(
        self, result: Identification, place: Place, *, number: int | None = None
    ) -> IdentifyAnswered:
        """Tell the screen, and note the member at her till; `number` is what her phone shows."""
        standing = None if result.factor is None else Standing(result.factor)
        if result.member is None or not allows(result.assurance, Action.SHOW_MEMBER):
            standing = None
        elif standing is not None:
            standing = self._visits.begun(place, result.member.member_id, standing)
        answer = self._views.identified(result, standing, self._visits.policy)
        answer = answer.model_copy(update={"lane": place.lane})
        shown = {"number": number} if number is not None else {}
        told = {"till": place.till, **answer.model_dump(mode="json"), **shown}
        self._hub.publish("recognition", told, lane=place.lane)
        return answer

    def checked_in(self, result: Identification, till: UUID, number: int) -> None:
        """Tell who checked in at a till, with the number that her phone shows too."""
        self.recognised(result, self._visits.at(till), number=number)

    def links(self, place: Place, link: tuple[str, str, int]) -> None:
        """Show the link for a member's phone as a code that its camera reads off the screen.

        `link`: the member's name, the address, and for how many seconds it opens.
        """
        name, uri, expires_s = link
        shown = {"name": name, "uri": uri, "expires_s": expires_s, "rows": self.draw(uri)}
        self._hub.publish("link", shown, lane=place.lane)

    def unasked(self, lane: str, result: Identification) -> None:
        """Tell what a lane's readers recognised without a question."""
        self.recognised(result, self._visits.beside_screen(lane))

    def walked_off(self, lane: str, member_id: UUID) -> None:
        """Let go of who had walked up and has left, unless more is known of who stands there."""
        if self._visits.walked_off(lane, member_id):
            self._hub.publish("visit", VisitEnded(ended=True).model_dump(), lane=lane)

    @contextmanager
    def coaching(self, place: Place, wanted: int) -> Iterator[Callable[[EnrolFrame], None]]:
        """Coach a customer before the camera; yields who hears of each picture."""
        taken = 0

        def hear(seen: EnrolFrame) -> None:
            nonlocal taken
            taken += seen.ok
            self._coach(place, frame(seen).model_dump(mode="json"), (taken, wanted))

        try:
            yield hear
        except Fault as fault:
            told = {"ok": False, "code": fault.code.value}
            hints = {"hint_zh": fault.text("zh"), "hint_en": fault.text("en")}
            self._coach(place, told | hints | {"done": True}, (taken, wanted))
            raise

    def coached(self, place: Place, plan: EnrolPlan, wanted: int) -> None:
        """Tell how the enrolment of a face ended; whom she looks like stays unnamed."""
        done = face(plan)
        last = done.frames[-1] if done.frames else None
        told: dict[str, object] = {
            "done": True,
            "enough": done.enough,
            "ok": plan.accepted > 0,
            "lookalike": None if done.lookalike is None else done.lookalike.model_dump(),
        }
        if last is not None:
            told |= {"hint_zh": last.hint_zh, "hint_en": last.hint_en}
        self._coach(place, told, (plan.accepted, wanted))

    def _coach(self, place: Place, told: Mapping[str, object], progress: tuple[int, int]) -> None:
        accepted, wanted = progress
        hint = {**told, "accepted": accepted, "wanted": wanted}
        self._hub.publish("enrol_hint", hint, lane=place.lane)

    def booked(self, booking: TappedBooking) -> None:
        """Tell of a printed receipt."""
        told = self._views.tapped(booking).model_dump(mode="json")
        self._hub.publish("tapped", told, lane=self._visits.at(booking.till).lane)


class RememberingReader:
    """A reader that remembers its last tap: a card may be laid down before it is asked for."""

    def __init__(self, reader: NfcReader) -> None:
        self._reader = reader
        self._last: CardTap | None = None

    def start(self) -> None:
        """Begin watching."""
        self._reader.start()

    def next_tap(self, *, timeout_ms: int) -> CardTap | None:
        """Return the next tap, or None when none came in time."""
        tap = self._reader.next_tap(timeout_ms=timeout_ms)
        if tap is not None:
            self._last = tap
        return tap

    def take_last(self, *, within_ms: int) -> CardTap | None:
        """Return the last tap once, if it is fresh."""
        tap, self._last = self._last, None
        return tap if tap and now_ms() - tap.detected_mono_ms <= within_ms else None

    def state(self) -> str:
        """Return the reader's state."""
        return self._reader.state()

    def stop(self) -> None:
        """Stop watching; safe to call twice."""
        self._reader.stop()


class CardDesk:
    """Waits for a card to be bound; meanwhile the lane does not look for cards of its own.

    Whoever asks goes before the lane's next look: a plain lock would let the lane's loop, which
    takes it again at once, keep a clerk waiting until her card is stale.
    """

    def __init__(
        self, reader: RememberingReader | None, proofs: Proofs, weak: WeakCards = NO_WEAK_CARDS
    ) -> None:
        self._reader = reader
        self._proofs = proofs
        self._weak = weak
        self._turn = threading.Lock()
        self._door = threading.Condition()
        self._asking = 0
        self._looking = False
        self._stopping = threading.Event()

    def read_uid(self, *, timeout_ms: int = CARD_WAIT_MS) -> bytes:
        """Return the UID proved by the card just tapped, or by the next.

        Raises Fault NFC_READER_GONE, NFC_NO_TAP, or what is wrong with the card.
        """
        if self._reader is None:
            raise Fault(FaultCode.NFC_READER_GONE)
        with self._lane_kept_out(), self._turn:
            tap = self._reader.take_last(within_ms=CARD_FRESH_MS)
            if tap is not None:
                # The lane has seen this very tap, so its counter may be taken already.
                return self._number(tap, admit=False)
            return self._number(self._awaited(self._reader, timeout_ms), admit=True)

    def _number(self, tap: CardTap, *, admit: bool) -> bytes:
        """Return the number of a card to be bound: one of ours, or a weak one that is taken."""
        try:
            read = self._proofs.read_card(tap)
        except Fault as fault:
            if fault.code is not FaultCode.NFC_CARD_FOREIGN:
                raise
            return self._weak.uid(tap)
        if admit:
            self._proofs.admit_card(read, tap)
        return read.uid

    def watch(self, lane: WatchLane) -> None:
        """Let the lane look once, unless a card is waited for."""
        with self._door:
            if not self._door.wait_for(lambda: not self._asking, DOOR_S):
                return
            self._looking = True
        try:
            lane.turn()
        finally:
            with self._door:
                self._looking = False
                self._door.notify_all()

    @contextmanager
    def _lane_kept_out(self) -> Iterator[None]:
        """Wait for the end of the lane's present look; the next begins after this block."""
        with self._door:
            self._asking += 1
            self._door.wait_for(lambda: not self._looking)
        try:
            yield
        finally:
            with self._door:
                self._asking -= 1
                self._door.notify_all()

    def stop(self) -> None:
        """Let whoever waits come back."""
        self._stopping.set()

    def _awaited(self, reader: RememberingReader, timeout_ms: int) -> CardTap:
        until_ms = now_ms() + timeout_ms
        while now_ms() < until_ms:
            if reader.state() == "gone":
                raise Fault(FaultCode.NFC_READER_GONE)
            tap = reader.next_tap(timeout_ms=CARD_SLICE_MS)
            # Another till's question may have taken the tap from the queue: it is remembered.
            last = reader.take_last(within_ms=CARD_FRESH_MS)
            if tap := tap or last:
                return tap
            if self._stopping.wait(PAUSE_S):
                break
        raise Fault(FaultCode.NFC_NO_TAP)
