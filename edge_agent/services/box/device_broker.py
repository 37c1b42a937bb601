"""The one place that says which path a device has: claims first, and never a guess.

Drivers ask for `device:<claim>` and get a path or a fault; what nobody claimed is shown and never
opened. Listening, and asking where the operator allowed it, happens only between devices that a
claim could mean.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from edge_agent.domain.device_claims import Kept
from edge_agent.domain.device_presence import (
    Presence,
    Rest,
    Watched,
    first_seen,
    rest_after,
    watched,
)
from edge_agent.domain.devices import (
    ADDRESS,
    Claim,
    Identity,
    Match,
    Memory,
    Seen,
    Standing,
    Voice,
    match,
    settle,
    unclaimed,
)
from edge_agent.domain.voices import QUESTION, voice_of
from edge_agent.ports.clock import Clock
from edge_agent.ports.device_bus import DeviceBus, LineListener
from edge_agent.ports.documents import Documents
from edge_agent.services.box.claim_book import ClaimBook
from retail_core.errors import Fault
from retail_core.limits import DEVICE_CLAIMS_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

LOOK_EVERY_MS = 2_000
LISTEN_MS = 300
ASK_EVERY_MS = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator decides: this device is to be known by that name."""

    name: str
    device: str
    by_socket: bool = False
    may_probe: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A claim as it stands: its match, its presence, and how opening it went lately."""

    claim: Claim
    match: Match
    presence: Watched
    rest: Rest


class DeviceBroker:
    """Keeps claims, watches the bus, resolves addresses; safe to call from any thread."""

    def __init__(
        self,
        bus: DeviceBus,
        listener: LineListener,
        documents: Documents,
        clock: Clock,
        tally: FaultTally,
        permille: Callable[[], int],
    ) -> None:
        self._bus, self._listener = bus, listener
        self._clock, self._tally = clock, tally
        self._permille = permille
        self._lock = threading.RLock()
        self._boot = clock.now().boot_id.hex
        self._book = ClaimBook(documents, tally)
        kept = self._book.read()
        self._claims = kept.claims
        # The program may be restarted while everything stays plugged in; a new boot begins anew.
        settled = kept.settled if kept.boot == self._boot else {}
        self._memory = Memory(settled, common=kept.common)
        self._seen: tuple[Seen, ...] = ()
        self._matches: dict[str, Match] = {}
        self._watched: dict[str, Watched] = {}
        self._rests: dict[str, Rest] = {}
        self._reported: frozenset[tuple[str, str, str]] = frozenset()
        self._asked_ms: dict[tuple[str, str, str], int] = {}
        self.refresh()

    # ---- what drivers ask -----------------------------------------------------------------------

    def resolve(self, address: str) -> str:
        """Return the path behind `device:<claim>`; any other address is returned as it is.

        Faults DEVICE_RESTING, DEVICE_CLAIM_UNKNOWN, DEVICE_ABSENT, DEVICE_FLAPPING, DEVICE_UNSURE.
        """
        with self._lock:
            if self._now_ms() < self._rests.get(address, Rest()).until_ms:
                raise Fault(FaultCode.DEVICE_RESTING, address=address)
            if not address.startswith(ADDRESS):
                return address
            name = address.removeprefix(ADDRESS)
            found = self._matches.get(name)
            if found is None:
                raise Fault(FaultCode.DEVICE_CLAIM_UNKNOWN, claim=name)
            if self._watched[name].state is Presence.FLAPPING:
                raise Fault(FaultCode.DEVICE_FLAPPING, claim=name)
            if found.standing is Standing.UNSURE:
                raise Fault(FaultCode.DEVICE_UNSURE, claim=name)
            if found.seen is None:
                raise Fault(FaultCode.DEVICE_ABSENT, claim=name)
            return found.seen.path

    def tenure(self, address: str) -> Callable[[], bool]:
        """Return what tells whether a claim still means the device it means now."""
        now = self._identity(address)
        return lambda: self._identity(address) == now

    def failed(self, address: str) -> None:
        """Note that a path could not be opened: the next try waits, longer each time."""
        with self._lock:
            rest = self._rests.get(address, Rest())
            self._rests[address] = rest_after(
                rest, now_ms=self._now_ms(), permille=self._permille()
            )

    def opened(self, address: str) -> None:
        """Note that it was opened."""
        with self._lock:
            self._rests.pop(address, None)

    # ---- what the loop does ---------------------------------------------------------------------

    def turn(self) -> None:
        """Wait for news or a while, look, and listen where one of several could be meant."""
        self._bus.wait(timeout_ms=LOOK_EVERY_MS)
        self.refresh()
        if self._listen_to_rivals():
            self.refresh()

    def wake(self) -> None:
        """Let `turn` come back at once."""
        self._bus.wake()

    def refresh(self) -> None:
        """Look at what is plugged in and match it to the claims."""
        seen = self._bus.devices()
        with self._lock:
            self._seen = seen
            self._rematch()

    # ---- what an operator does ------------------------------------------------------------------

    def claim(self, wish: Wish, by: str) -> Row:
        """Keep a claim, or give an old one another device: the operator's choice.

        Faults DEVICE_NOT_THERE, DEVICE_TAKEN, DEVICE_CLAIMS_FULL, and what the disk says.
        """
        self.refresh()
        with self._lock:
            seen = self._device(wish.device)
            holder = next((name for name, one in self._matches.items() if one.seen == seen), None)
            if holder not in {None, wish.name}:
                raise Fault(FaultCode.DEVICE_TAKEN, path=seen.path, claim=holder)
            others = tuple(one for one in self._claims if one.name != wish.name)
            if len(others) >= DEVICE_CLAIMS_MAX:
                raise Fault(FaultCode.DEVICE_CLAIMS_FULL, limit=DEVICE_CLAIMS_MAX)
            claim = Claim(
                name=wish.name,
                identity=seen.identity,
                by_socket=wish.by_socket,
                may_probe=wish.may_probe,
                voice=self._memory.heard.get(seen.plugged),
                claimed_ms=self._clock.now().wall_ms,
                claimed_by=by,
            )
            settled = {**self._memory.settled, wish.name: seen.plugged}
            self._memory = replace(self._memory, settled=settled)
            self._write((*others, claim), self._memory)
            self._watched.pop(wish.name, None)
            self._rematch()
            return self._row(claim)

    def release(self, name: str) -> None:
        """Forget a claim; its device is nobody's again. Fault DEVICE_CLAIM_UNKNOWN."""
        with self._lock:
            if name not in self.names():
                raise Fault(FaultCode.DEVICE_CLAIM_UNKNOWN, claim=name)
            self._write(tuple(one for one in self._claims if one.name != name), self._memory)
            self._watched.pop(name, None)
            self._rests.pop(ADDRESS + name, None)
            self._rematch()

    def identify(self, device: str, *, ask: bool, listen_ms: int = LISTEN_MS) -> Voice | None:
        """Listen to a device, and with `ask` write one question where its claim allows that.

        What is heard is remembered with the claim. Faults DEVICE_NOT_THERE, DEVICE_IN_USE,
        DEVICE_PROBE_FORBIDDEN, TILL_PORT_OPEN.
        """
        with self._lock:
            seen = self._device(device)
            claim = self._claim_of(seen)
        if ask and (claim is None or not claim.may_probe):
            raise Fault(FaultCode.DEVICE_PROBE_FORBIDDEN, path=seen.path)
        voice = voice_of(self._listener.listen(seen.path, question=b"", timeout_ms=listen_ms))
        if voice is None and ask:
            heard = self._listener.listen(seen.path, question=QUESTION, timeout_ms=listen_ms)
            voice = voice_of(heard)
        if voice is not None:
            self._remember(seen, voice, claim)
        return voice

    # ---- what people are shown ------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        """Return every claim as it stands."""
        with self._lock:
            return tuple(map(self._row, self._claims))

    def others(self) -> tuple[Seen, ...]:
        """Return what is plugged in and belongs to no claim, of every kind."""
        with self._lock:
            taken = {one.seen.path for one in self._matches.values() if one.seen}
            return tuple(one for one in self._seen if one.path not in taken)

    def unclaimed(self) -> tuple[Seen, ...]:
        """Return the lines and printers that somebody plugged in and nobody claimed."""
        with self._lock:
            return unclaimed(self._matches, self._seen)

    def state(self, name: str) -> str:
        """Return a claim's state as health calls it: `ok`, `starting`, `stalled` or `gone`."""
        try:
            self.resolve(ADDRESS + name)
        except Fault as fault:
            return _HEALTH.get(fault.code, "gone")
        return "ok"

    def names(self) -> tuple[str, ...]:
        """Return the names of all claims."""
        with self._lock:
            return tuple(one.name for one in self._claims)

    def noted(self) -> tuple[Fault, ...]:
        """Return what is to be said beyond states: a device that cannot be told from its twin."""
        with self._lock:
            matches = self._matches.items()
            doubt = sorted(name for name, one in matches if one.standing is Standing.UNSURE)
        return (Fault(FaultCode.DEVICE_UNSURE, claim=", ".join(doubt)),) if doubt else ()

    # ---- inside ---------------------------------------------------------------------------------

    def _identity(self, address: str) -> Identity | None:
        with self._lock:
            return next((c.identity for c in self._claims if ADDRESS + c.name == address), None)

    def _rematch(self) -> None:
        now_ms = self._now_ms()
        before, troubled = self._memory.settled, self._troubles()
        self._matches = match(self._claims, self._seen, self._memory)
        memory = settle(self._matches, self._seen, self._memory)
        if (memory.common, memory.settled) != (self._memory.common, before):
            self._book.write_beside(self._kept(memory))
        self._memory = memory
        for name, found in self._matches.items():
            there = found.standing is not Standing.MISSING
            plugged = memory.settled.get(name)
            anew = plugged is not None and before.get(name) not in {None, plugged}
            self._watched[name] = (
                watched(self._watched[name], there=there, plugged_anew=anew, now_ms=now_ms)
                if name in self._watched
                else first_seen(there=there, now_ms=now_ms)
            )
            if plugged is not None and before.get(name) != plugged:
                self._rests.pop(ADDRESS + name, None)  # what was plugged in is tried at once
        self._report()
        for name, trouble in self._troubles().items():
            if troubled.get(name) is not trouble:
                self._tally.count(trouble)

    def _troubles(self) -> dict[str, FaultCode]:
        """Return what is wrong with claims: for HQ each is counted when it begins."""
        found = {}
        for name, one in self._matches.items():
            state = self._watched[name].state if name in self._watched else Presence.PRESENT
            if state is not Presence.PRESENT:
                flaps = state is Presence.FLAPPING
                found[name] = FaultCode.DEVICE_FLAPPING if flaps else FaultCode.DEVICE_ABSENT
            elif one.standing is Standing.UNSURE:
                found[name] = FaultCode.DEVICE_UNSURE
        return found

    def _report(self) -> None:
        """Count each device that nobody claims once for each time it is plugged in."""
        now = frozenset(one.plugged for one in unclaimed(self._matches, self._seen))
        for _ in now - self._reported:
            self._tally.count(FaultCode.DEVICE_UNCLAIMED)
        self._reported = now

    def _listen_to_rivals(self) -> bool:
        """Hear who is who among devices that a claim could mean; True when somebody spoke."""
        heard = False
        for seen, may_ask in self._rivals():
            try:
                said = self._listener.listen(seen.path, question=b"", timeout_ms=LISTEN_MS)
                if not said and may_ask and self._may_ask_now(seen):
                    said = self._listener.listen(seen.path, question=QUESTION, timeout_ms=LISTEN_MS)
            except Fault as fault:
                self._tally.count(fault.code)
                continue
            voice = voice_of(said)
            if voice is not None:
                self._remember(seen, voice, None)
                heard = True
        return heard

    def _rivals(self) -> tuple[tuple[Seen, bool], ...]:
        """Return the unheard devices between which claims with a voice are in doubt.

        A question may be written to one only in a socket that was claimed with that leave, and if
        every claim that could mean it gives it.
        """
        with self._lock:
            doubtful: dict[str, list[Claim]] = {}
            for claim in self._claims:
                for path in self._matches[claim.name].rivals if claim.voice else ():
                    doubtful.setdefault(path, []).append(claim)
            return tuple(
                (one, self._may_be_asked(one, doubtful[one.path]))
                for one in self._seen
                if one.path in doubtful and one.plugged not in self._memory.heard
            )

    def _may_be_asked(self, one: Seen, meant_by: Iterable[Claim]) -> bool:
        given = [claim for claim in self._claims if claim.identity.sits_as(one.identity)]
        return bool(given) and all(claim.may_probe for claim in (*given, *meant_by))

    def _may_ask_now(self, seen: Seen) -> bool:
        now_ms = self._now_ms()
        asked_ms = self._asked_ms.get(seen.plugged)
        if asked_ms is not None and now_ms - asked_ms < ASK_EVERY_MS:
            return False
        self._asked_ms = {seen.plugged: now_ms} | {
            one: at for one, at in self._asked_ms.items() if now_ms - at < ASK_EVERY_MS
        }
        return True

    def _remember(self, seen: Seen, voice: Voice, claim: Claim | None) -> None:
        with self._lock:
            heard = {**self._memory.heard, seen.plugged: voice}
            self._memory = replace(self._memory, heard=heard)
            if claim is not None and claim.voice != voice:
                told = replace(claim, voice=voice)
                kept = tuple(told if one.name == claim.name else one for one in self._claims)
                self._write(kept, self._memory)
            self._rematch()

    def _row(self, claim: Claim) -> Row:
        rest = self._rests.get(ADDRESS + claim.name, Rest())
        return Row(claim, self._matches[claim.name], self._watched[claim.name], rest)

    def _device(self, device: str) -> Seen:
        """Return a plugged-in device by its path, its name under by-id, or its claim."""
        found = self._matches.get(device)
        for one in self._seen:
            if device in {one.path, one.by_id} or (found is not None and found.seen == one):
                return one
        raise Fault(FaultCode.DEVICE_NOT_THERE, path=device)

    def _claim_of(self, seen: Seen) -> Claim | None:
        of_it = (claim for claim in self._claims if self._matches[claim.name].seen == seen)
        return next(of_it, None)

    def _kept(self, memory: Memory) -> Kept:
        return Kept(self._claims, memory.common, self._boot, memory.settled)

    def _write(self, claims: tuple[Claim, ...], memory: Memory) -> None:
        self._book.write(replace(self._kept(memory), claims=claims))
        self._claims = claims

    def _now_ms(self) -> int:
        return self._clock.now().mono_ms


_HEALTH = {
    FaultCode.DEVICE_FLAPPING: "stalled",
    FaultCode.DEVICE_UNSURE: "stalled",
    FaultCode.DEVICE_RESTING: "starting",
}
