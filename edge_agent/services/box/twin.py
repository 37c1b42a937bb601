"""The box's twin: what HQ wants of its settings, key by key, and what became of it.

What is wanted is on disk before anything is done about it. Settings that could cut the box off are
tried on a second connection, then switched, then the cloud has to be heard over the new line; a
crash in between goes back at the next start.
"""

import threading
from collections.abc import Callable, Mapping

import msgspec
import structlog

from edge_agent.ports.documents import Documents
from edge_agent.ports.fleet_line import LineProof
from retail_core.errors import Fault
from retail_core.fleet import twin_trial
from retail_core.fleet.twin import Outcome, Told, Values, same, takes
from retail_core.fleet.twin_settings import Applies, Value, check, setting
from retail_core.fleet.twin_trial import LineTrial
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import FleetSheet, KeyTold

KEPT_AS = "twin"
CONFIRM_S = 60.0

Applier = Callable[[Value | None], None]
Fitting = Callable[[str, Value], None]
"""Raises Fault for a value that this box cannot use."""
Clashes = Callable[[Values], Mapping[str, str]]
"""Returns the keys, with codes, that this box cannot use beside each other."""

log = structlog.get_logger("twin")


class Kept(msgspec.Struct, frozen=True):
    """What is on disk: the version held, every key's value, refusals, and trials of lines."""

    version: int = 0
    values: dict[str, Value] = {}
    refused: dict[str, str] = {}
    trial: LineTrial = LineTrial()
    tills: LineTrial = LineTrial()


class TwinKeeper:
    """Used from the fleet's thread; `heard` from the line's."""

    def __init__(
        self,
        documents: Documents,
        proof: LineProof,
        move: Callable[[Values], None],
        confirm_s: float = CONFIRM_S,
        *,
        fits: Fitting = check,
        clashes: Clashes = lambda _: {},
    ) -> None:
        self._documents = documents
        self._proof = proof
        self._move = move
        self._confirm_s = confirm_s
        self._fits = fits
        self._clashes = clashes
        self._appliers: dict[str, Applier] = {}
        self._spoken = threading.Event()
        self._stopping = threading.Event()
        self._held = kept(documents)
        self._keep(replace_trial(self._held, twin_trial.restarted(self._held.trial)))
        self._started_with = dict(self._held.values)

    @property
    def version(self) -> int:
        """The version of what is held."""
        return self._held.version

    def apply_with(self, key: str, applier: Applier) -> None:
        """Name who puts a key in force while the box runs; it hears the value held at once."""
        self._appliers[key] = applier
        if key in self._held.values:
            applier(self._held.values[key])

    def heard(self) -> None:
        """Note that the cloud has spoken over the line last given."""
        self._spoken.set()

    def stop(self) -> None:
        """Wait for nothing any more; what is not confirmed goes back at the next start."""
        self._stopping.set()
        self._spoken.set()

    def take(self, sheet: FleetSheet) -> bool:
        """Take what is wanted; return whether there is anything new to report."""
        if not takes(self._held.version, sheet.version):
            return False
        before = self.report()
        refused = {
            key: code for key, value in sheet.wanted.items() if (code := self._refusal(key, value))
        }
        values = _but(sheet.wanted, refused)
        refused |= self._clashes(values)
        values = _but(values, refused) | self._as_before(refused)
        trial = twin_trial.want(self._held.trial, _of(values, Applies.TRIED))
        tills = twin_trial.want(self._held.tills, _of(values, Applies.PROVEN))
        fresh = Kept(sheet.version, values, refused, trial, tills)
        told = self._held.version != fresh.version
        self._apply(self._held.values, fresh)
        return told or self.report() != before

    def _as_before(self, refused: Mapping[str, str]) -> dict[str, Value]:
        """Return what stays in force of keys whose new value is refused."""
        return {key: self._held.values[key] for key in refused if key in self._held.values}

    def _apply(self, before: Mapping[str, Value], fresh: Kept) -> None:
        if fresh == self._held:
            return
        self._keep(fresh)
        for key, applier in self._appliers.items():
            now = fresh.values.get(key)
            if not same(before.get(key), now):
                applier(now)

    def try_line(self) -> bool:
        """Try a line that is wanted, wait for the cloud's word, go back without it.

        Return whether there is anything new to report; blocks for as long as the trial takes.
        """
        trial = self._held.trial
        if trial.stage != "trying":
            return False
        if not self._proof.holds(dict(trial.wanted)):
            self._step(twin_trial.unproven(trial))
            return True
        trial = self._step(twin_trial.proven(trial))
        self._spoken.clear()
        self._move(trial.dialled)
        spoken = self._spoken.wait(self._confirm_s)
        if self._stopping.is_set():
            return False
        trial = self._step(twin_trial.confirmed(trial) if spoken else twin_trial.unheard(trial))
        if not spoken:
            self._move(trial.dialled)
        return True

    def try_again(self) -> None:
        """Try once more what was refused, as a person asks; a till's line at the next start."""
        trial, tills = twin_trial.again(self._held.trial), twin_trial.again(self._held.tills)
        self._keep(msgspec.structs.replace(self._held, trial=trial, tills=tills))

    @property
    def tills_on_trial(self) -> Values:
        """The values of tills that this start tries; nothing when none does."""
        tills = self._held.tills
        return tills.dialled if tills.stage == "switched" else {}

    def tills_came_up(self, *, up: bool) -> None:
        """End a trial of tills: keep what they were started with, or go back at the next start."""
        ended = twin_trial.confirmed if up else _unlit
        tills = ended(self._held.tills)
        log.info("till_trial", outcome=tills.outcome.value, code=tills.code)
        self._keep(msgspec.structs.replace(self._held, tills=tills))

    def report(self) -> tuple[KeyTold, ...]:
        """Return what became of every key."""
        told = {key: self._told(key, value) for key, value in self._held.values.items()}
        told |= {
            key: Told(Outcome.REFUSED, told[key].value if key in told else None, code)
            for key, code in self._held.refused.items()
        }
        return tuple(
            KeyTold(key, one.outcome.value, one.value, one.code)
            for key, one in sorted(told.items())
        )

    def _told(self, key: str, value: Value) -> Told:
        applies = setting(key).applies
        if applies is Applies.PROVEN:
            return self._told_of_till(key)
        if applies is Applies.TRIED:
            trial = self._held.trial
            return Told(trial.outcome, trial.dialled.get(key), trial.code)
        if applies is Applies.AT_ONCE or same(self._started_with.get(key), value):
            return Told(Outcome.APPLIED, value)
        return Told(Outcome.AT_START, self._started_with.get(key))

    def _told_of_till(self, key: str) -> Told:
        tills = self._held.tills
        waits = tills.outcome is Outcome.TRYING and tills.stage == "trying"
        outcome = Outcome.AT_START if waits else tills.outcome
        return Told(outcome, tills.dialled.get(key), tills.code)

    def _refusal(self, key: str, value: Value) -> str:
        try:
            check(key, value)
            self._fits(key, value)
        except Fault as fault:
            return fault.code.value
        return ""

    def _step(self, trial: LineTrial) -> LineTrial:
        log.info("line_trial", stage=trial.stage, outcome=trial.outcome.value, code=trial.code)
        self._keep(replace_trial(self._held, trial))
        return trial

    def _keep(self, held: Kept) -> None:
        if held != self._held:
            self._documents.put(KEPT_AS, msgspec.to_builtins(held))
            self._held = held


def kept(documents: Documents) -> Kept:
    """Return what a box holds of its twin; nothing where the document cannot be read."""
    found = documents.get(KEPT_AS)
    try:
        return Kept() if found is None else msgspec.convert(found, Kept)
    except msgspec.ValidationError:
        return Kept()


def begin_tills(documents: Documents, sound: Callable[[Values], bool]) -> Values:
    """Return what tills start with: what waited is on trial now, what was on trial goes back.

    On disk before anything is opened with it; `sound` says whether the box can use it at all.
    """
    held = kept(documents)
    tills = _unlit(held.tills)
    if tills.stage == "trying":
        good = sound(tills.wanted)
        code = FaultCode.TWIN_TILL_UNPROVEN
        tills = twin_trial.proven(tills) if good else twin_trial.unproven(tills, code)
    if tills != held.tills:
        documents.put(KEPT_AS, msgspec.to_builtins(msgspec.structs.replace(held, tills=tills)))
    return tills.dialled


def _unlit(tills: LineTrial) -> LineTrial:
    return twin_trial.restarted(tills, FaultCode.TWIN_TILL_REVERTED)


def _but(values: Values, refused: Mapping[str, str]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if key not in refused}


def _of(values: Values, applies: Applies) -> dict[str, Value]:
    return {key: value for key, value in values.items() if setting(key).applies is applies}


def replace_trial(held: Kept, trial: LineTrial) -> Kept:
    """Return what is held with another trial."""
    return msgspec.structs.replace(held, trial=trial)
