"""What may be tried to mend a box: named, attributed, each at most so often."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import structlog

from edge_agent.ports.clock import Clock
from edge_agent.ports.documents import Documents
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FIXUPS_KEPT = 20
REST_MS = 600_000
DOCUMENT = "fixups"
BOX = "box"
HQ = "hq"
IN_CHARGE = frozenset({"manager", "technician"})
EVERYBODY = IN_CHARGE | {"clerk"}

log = structlog.get_logger("fixups")


@dataclass(frozen=True, slots=True)
class Fixup:
    """Something that may mend issues: at most once in `rest_ms`; `alone`: by the box itself too.

    `would` says what it would touch now, as names and counts; `roles` may start it.
    """

    name: str
    codes: frozenset[FaultCode]
    run: Callable[[], object]
    zh: str
    en: str
    would: Callable[[], str]
    rest_ms: int = REST_MS
    alone: bool = False
    roles: frozenset[str] = EVERYBODY


@dataclass(frozen=True, slots=True)
class FixupDone:
    """A fixup that ran, or was only tried (`dry`); `trouble` is empty when it went through."""

    name: str
    at_ms: int
    by: str
    trouble: str
    touches: str = ""
    dry: bool = False


class FixupDesk:
    """Runs fixups for persons and for the box, one at a time; what ran is kept over a restart."""

    def __init__(
        self, clock: Clock, documents: Documents | None = None, fixups: Iterable[Fixup] = ()
    ) -> None:
        self._clock = clock
        self._documents = documents
        self._fixups = {one.name: one for one in fixups}
        self._lock = threading.Lock()
        self._ran_ms: dict[str, int] = {}
        self._done: deque[FixupDone] = deque(self._kept(), maxlen=FIXUPS_KEPT)

    @property
    def done(self) -> tuple[FixupDone, ...]:
        """The fixups that ran, the newest last."""
        return tuple(self._done)

    @property
    def fixups(self) -> tuple[Fixup, ...]:
        """What can be tried."""
        return tuple(self._fixups.values())

    def mend(self, name: str, by: str, role: str, *, dry: bool = False) -> FixupDone:
        """Run a fixup for a person, or only say what it would touch.

        Faults HEALTH_FIXUP_UNKNOWN, HEALTH_FIXUP_NOT_YOURS, HEALTH_FIXUP_RESTING and
        HEALTH_FIXUP_FAILED.
        """
        fixup = self._fixups.get(name)
        if fixup is None:
            raise Fault(FaultCode.HEALTH_FIXUP_UNKNOWN, name=name)
        if role not in fixup.roles:
            raise Fault(FaultCode.HEALTH_FIXUP_NOT_YOURS, name=name)
        if dry:
            return FixupDone(name, self._clock.now().wall_ms, by, "", fixup.would(), dry=True)
        rests_ms = self._rests_ms(fixup)
        if rests_ms:
            raise Fault(FaultCode.HEALTH_FIXUP_RESTING, name=name, seconds=-(-rests_ms // 1_000))
        done = self._run(fixup, by)
        if done.trouble:
            raise Fault(FaultCode.HEALTH_FIXUP_FAILED, name=name, reason=done.trouble)
        return done

    def by_itself(self, codes: frozenset[FaultCode]) -> None:
        """Try what the box may try alone against issues that stand."""
        for fixup in self._fixups.values():
            if fixup.alone and fixup.codes & codes and self._rests_ms(fixup) == 0:
                self._run(fixup, BOX)

    def _rests_ms(self, fixup: Fixup) -> int:
        ran_ms = self._ran_ms.get(fixup.name)
        now_ms = self._clock.now().mono_ms
        return 0 if ran_ms is None else max(0, ran_ms + fixup.rest_ms - now_ms)

    def _run(self, fixup: Fixup, by: str) -> FixupDone:
        with self._lock:
            now, touches = self._clock.now(), fixup.would()
            self._ran_ms[fixup.name] = now.mono_ms
            trouble = ""
            try:
                fixup.run()
            except Fault as fault:
                trouble = fault.code.value
            except OSError as error:
                trouble = error.strerror or type(error).__name__
            done = FixupDone(fixup.name, now.wall_ms, by, trouble, touches)
            self._done.append(done)
            self._keep()
        log.info("fixup", name=done.name, by=by, touches=touches, trouble=trouble)
        return done

    def _keep(self) -> None:
        if self._documents is None:
            return
        try:
            self._documents.put(DOCUMENT, {"done": [asdict(one) for one in self._done]})
        except (OSError, Fault) as error:  # on a full disk most of all something has to be tried
            log.warning("fixups_not_kept", error=type(error).__name__)

    def _kept(self) -> list[FixupDone]:
        held = (self._documents.get(DOCUMENT) or {}) if self._documents is not None else {}
        done = held.get("done", [])
        try:
            return [FixupDone(**one) for one in done] if isinstance(done, list) else []
        except TypeError:  # an older or newer program wrote it
            return []


def mended(desk: FixupDesk, name: str) -> str:
    """Run a fixup on HQ's word and say what it touched; the faults of `FixupDesk.mend`.

    HQ may start what a technician may: both have the box in charge.
    """
    return desk.mend(name, HQ, "technician").touches
