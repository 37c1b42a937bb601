"""Member codes, from a camera's frames or from a hand scanner."""

from dataclasses import dataclass

from edge_agent.ports.camera import Camera, Frame
from edge_agent.ports.clock import Clock
from edge_agent.ports.qr import QrReader
from edge_agent.ports.replica import HeldMember
from edge_agent.recognition.frames import Frames
from edge_agent.recognition.lookup import MemberLookup, StillAskingError
from edge_agent.recognition.proofs import OneTime, Proofs
from edge_agent.recognition.race import Finding, Race, now_ms
from retail_core.errors import Fault
from retail_core.identity import digit_code, member_code
from retail_core.identity.assurance import Factor
from retail_core.texts.faults import FaultCode

MS_PER_S = 1000


class CodeCheck:
    """From what a camera or scanner read to whose code it is."""

    REMEMBER_MS = 3_000
    REMEMBERED_MAX = 32

    def __init__(self, lookup: MemberLookup, proofs: Proofs, clock: Clock) -> None:
        self._lookup = lookup
        self._proofs = proofs
        self._clock = clock
        self._refused: dict[bytes, float] = {}
        self._last_used = b""

    def check(self, payload: bytes, seen_ms: float, *, within_s: float) -> Finding:
        """Return whose code it is; Faults QR_FOREIGN … QR_DIGITS_WRONG. Not yet taken for use."""
        if digit_code.is_digit_code(payload):
            return self._digits(payload, seen_ms)
        code = member_code.parse(payload)
        held = self._lookup.find("phone_key", code.key_id, within_s=within_s)
        keys = held.record.phone_keys if held is not None else ()
        public = next((key.public_key for key in keys if key.key_id == code.key_id), None)
        if held is None or public is None:
            raise Fault(FaultCode.QR_KEY_UNKNOWN)
        member_code.verify(code, public, self._now_s(), self._clock.now().quality)
        return self._finding(Factor.MEMBER_CODE, held, seen_ms, payload, code)

    def _digits(self, payload: bytes, seen_ms: float) -> Finding:
        code = digit_code.parse(payload)
        held = {one.member_id.bytes: one for one in self._lookup.by_digit_reference(code.reference)}
        if not held:
            raise Fault(FaultCode.QR_DIGITS_UNKNOWN)
        secrets = [(member, one.record.digit_secret) for member, one in held.items()]
        use = digit_code.verify(code, secrets, self._now_s(), self._clock.now().quality)
        return self._finding(Factor.DIGIT_CODE, held[use.member_id], seen_ms, payload, use)

    def _finding(
        self, factor: Factor, held: HeldMember, seen_ms: float, payload: bytes, code: OneTime
    ) -> Finding:
        def admit() -> None:
            self._proofs.admit_code(factor, code, held.member_id, self._now_s())
            # Its owner may go on holding it up; that is no replay worth telling.
            self._last_used = payload
            self.note_refused(payload)

        return Finding(factor, held, seen_ms, seen_ms, admit)

    def used(self, payload: bytes) -> bool:
        """Tell whether this very code was taken a moment ago."""
        return payload == self._last_used

    def note_refused(self, payload: bytes) -> bool:
        """Remember a refused payload; True when it was not refused a moment ago.

        A code lies before the camera for many frames and calls: it is one fault, not fifty.
        """
        now = now_ms()
        self._refused = {p: at for p, at in self._refused.items() if now - at < self.REMEMBER_MS}
        fresh = payload not in self._refused
        if fresh and len(self._refused) >= self.REMEMBERED_MAX:
            del self._refused[next(iter(self._refused))]
        self._refused[payload] = now
        return fresh

    def _now_s(self) -> int:
        return self._clock.now().wall_ms // MS_PER_S


@dataclass(frozen=True, slots=True)
class QrFrames:
    """Reads member codes off camera frames."""

    camera: Camera
    reader: QrReader
    codes: CodeCheck

    def run(self, race: Race) -> None:
        """Read frames until a code holds."""
        frames = Frames(self.camera, race)
        done: set[bytes] = set()
        while (frame := frames.next()) is not None:
            with race.at_work("qr"):
                payloads = self.reader.read(frame.image if frame.grey is None else frame.grey)
                for payload in payloads:
                    if payload not in done and self._try(payload, frame, race):
                        done.add(payload)

    def _try(self, payload: bytes, frame: Frame, race: Race) -> bool:
        """Return whether this race is done with the payload; one that is looked up is not."""
        if self.codes.used(payload):
            self._refuse(FaultCode.QR_REPLAYED, payload, race)
            return True
        try:
            within_s = race.left_ms() / MS_PER_S
            finding = self.codes.check(payload, frame.captured_mono_ms, within_s=within_s)
            if not race.found(finding):
                race.too_late(finding)
        except StillAskingError:
            race.refuse(FaultCode.QR_KEY_UNKNOWN, news=False)
            return False
        except Fault as fault:
            self._refuse(fault.code, payload, race)
        return True

    def _refuse(self, code: FaultCode, payload: bytes, race: Race) -> None:
        # Who asks is told each time; who only glances, once for as long as it is held up.
        fresh = self.codes.note_refused(payload)
        race.refuse(code, news=race.asked or fresh)
