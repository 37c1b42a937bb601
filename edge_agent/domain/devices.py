"""Which device is which: claims are kept, and a path is handed out only when it is sure.

Two adapters of one maker often say exactly the same of themselves, and the kernel numbers them as
they come. So a claim remembers the serial number, the socket and the hubs on the way, and what was
heard on the line. In this order: a serial number nobody else has; a voice nobody else has; the
socket the operator pointed at. A socket alone does not tell twins apart that were both away (their
hubs may have changed places): then nobody gets them until they are heard or the operator says so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}$"
ADDRESS = "device:"


class DeviceKind(StrEnum):
    """What the system takes a device for."""

    LINE = "line"
    PRINTER = "printer"
    KEYS = "keys"
    CAMERA = "camera"


class Voice(StrEnum):
    """What a line was heard to be; never what was said on it."""

    TILL = "till"
    PRINTER = "printer"
    DISPLAY = "display"
    SCANNER = "scanner"
    FRAMED = "framed"


class How(StrEnum):
    """How a device is known, the strongest first."""

    SERIAL = "serial"
    VOICE = "handshake"
    CHOICE = "operator"


class Standing(StrEnum):
    """Where a claim stands: its device is known, one of several, or not there."""

    FOUND = "found"
    UNSURE = "unsure"
    MISSING = "missing"


Model = tuple[DeviceKind, str, str, str]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself, and where it sits.

    `socket` is the chain of ports from the root (`1-1.2`), `hubs` what the hubs on that way say of
    themselves; a port of the board has its own name as socket and no vendor.
    """

    kind: DeviceKind
    vendor: str = ""
    product: str = ""
    serial: str = ""
    interface: str = ""
    socket: str = ""
    hubs: tuple[str, ...] = ()

    @property
    def model(self) -> Model:
        """What all devices of this make have in common."""
        return (self.kind, self.vendor, self.product, self.interface)

    @property
    def named(self) -> tuple[Model, str]:
        """The make with the serial number."""
        return (self.model, self.serial)

    def sits_as(self, other: "Identity") -> bool:
        """Whether both are of one make, in one socket, behind the same hubs."""
        return (self.model, self.socket, self.hubs) == (other.model, other.socket, other.hubs)


@dataclass(frozen=True, slots=True)
class Seen:
    """A device that is plugged in; `instance` changes each time it is plugged."""

    path: str
    identity: Identity
    instance: str = ""
    by_id: str = ""
    title: str = ""

    @property
    def plugged(self) -> tuple[str, str, str]:
        """One plugging of one device."""
        return (self.path, self.identity.socket, self.instance)


@dataclass(frozen=True, slots=True)
class Claim:
    """A device by the name the configuration calls it.

    `by_socket`: the operator says that whatever of this make sits in that socket is the one.
    `may_probe`: a question may be written to it to hear what it is; listening comes first.
    """

    name: str
    identity: Identity
    by_socket: bool = False
    may_probe: bool = False
    voice: Voice | None = None
    claimed_ms: int = 0
    claimed_by: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for one claim; `rivals` are the paths between which nobody can tell."""

    claim: str
    standing: Standing
    seen: Seen | None = None
    how: How | None = None
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known beyond the claims.

    `settled`: claim → the plugging it was found as, good for as long as that stays plugged in.
    `heard`: plugging → voice. `common`: serial numbers that two devices were seen to share.
    """

    settled: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    heard: Mapping[tuple[str, str, str], Voice] = field(default_factory=dict)
    common: frozenset[tuple[Model, str]] = frozenset()


def shared_serials(seen: Iterable[Seen]) -> frozenset[tuple[Model, str]]:
    """Return the serial numbers that more than one device of a make has now."""
    times = Counter(one.identity.named for one in seen if one.identity.serial)
    return frozenset(named for named, count in times.items() if count > 1)


def match(claims: Sequence[Claim], seen: Sequence[Seen], memory: Memory) -> dict[str, Match]:
    """Find each claim's device; no device is ever given to two claims."""
    search = _Search(claims, seen, memory)
    for step in (search.by_settled, search.by_serial, search.by_voice, search.by_choice):
        step()
    return {claim.name: search.result(claim) for claim in claims}


def settle(matches: Mapping[str, Match], seen: Iterable[Seen], memory: Memory) -> Memory:
    """Return what to remember after a match: who was found, who was heard and is still there."""
    plugged = {one.plugged for one in seen}
    found = {
        name: one.seen.plugged
        for name, one in matches.items()
        if one.standing is Standing.FOUND and one.seen is not None
    }
    heard = {one: voice for one, voice in memory.heard.items() if one in plugged}
    return Memory(found, heard, memory.common | shared_serials(seen))


def unclaimed(matches: Mapping[str, Match], seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return the plugged-in lines and printers nobody claims; ports of the board do not count."""
    taken = {one.seen.path for one in matches.values() if one.seen is not None}
    taken |= {path for one in matches.values() for path in one.rivals}
    reported = (DeviceKind.LINE, DeviceKind.PRINTER)
    return tuple(
        one
        for one in seen
        if one.path not in taken and one.identity.vendor and one.identity.kind in reported
    )


class _Search:
    """One round of matching; each step leaves to the next what it could not tell."""

    def __init__(self, claims: Sequence[Claim], seen: Sequence[Seen], memory: Memory) -> None:
        self._open = {claim.name: claim for claim in claims}
        self._free = {one.path: one for one in seen}
        self._found: dict[str, Match] = {}
        self._settled, self._heard = memory.settled, memory.heard
        self._common = memory.common | shared_serials(seen) | _claimed_twice(claims)
        models = Counter(claim.identity.model for claim in claims if not self._has_name(claim))
        self._twins = frozenset(model for model, count in models.items() if count > 1)
        self._sounds_claimed = Counter((claim.identity.model, claim.voice) for claim in claims)

    def by_settled(self) -> None:
        """Keep what was found and never left."""
        for name, claim in tuple(self._open.items()):
            for one in tuple(self._free.values()):
                if self._settled.get(name) == one.plugged and not self._contradicted(claim, one):
                    self._take(claim, one, self._strength(claim, one))
                    break

    def by_serial(self) -> None:
        """Find devices by a serial number that is nobody else's, in whatever socket."""
        for claim in tuple(self._open.values()):
            if self._has_name(claim):
                for one in tuple(self._free.values()):
                    if one.identity.named == claim.identity.named:
                        self._take(claim, one, How.SERIAL)

    def by_voice(self) -> None:
        """Find devices without such a number by what only one claim and one device sounds like."""
        voices = Counter((one.identity.model, self._voice(one)) for one in self._free.values())
        for claim in tuple(self._open.values()):
            sound = (claim.identity.model, claim.voice)
            alone = self._sounds_claimed[sound] == 1 and voices[sound] == 1
            if claim.voice is None or self._has_name(claim) or not alone:
                continue
            one = next(one for one in self._free.values() if self._sounds(one, claim))
            if not self._another_name(one):
                self._take(claim, one, How.VOICE)

    def by_choice(self) -> None:
        """Take the socket's word where nothing else could be meant."""
        for claim in tuple(self._open.values()):
            if self._has_name(claim) or not (one := self._in_socket(claim)):
                continue
            if claim.by_socket or not self._could_be_another(claim):
                self._take(claim, one, How.CHOICE)

    def result(self, claim: Claim) -> Match:
        """Return what is known of a claim after all steps."""
        if claim.name in self._found:
            return self._found[claim.name]
        rivals = tuple(
            one.path
            for one in self._free.values()
            if not self._has_name(claim)
            and one.identity.model == claim.identity.model
            and not self._another_name(one)
        )
        standing = Standing.UNSURE if rivals else Standing.MISSING
        return Match(claim.name, standing, rivals=rivals)

    def _take(self, claim: Claim, one: Seen, how: How) -> None:
        self._found[claim.name] = Match(claim.name, Standing.FOUND, one, how)
        del self._open[claim.name], self._free[one.path]

    def _has_name(self, claim: Claim) -> bool:
        identity = claim.identity
        return bool(identity.serial) and identity.named not in self._common

    def _another_name(self, one: Seen) -> bool:
        """Whether the device's own serial number says that it is no claimed twin."""
        return bool(one.identity.serial) and one.identity.named not in self._common

    def _voice(self, one: Seen) -> Voice | None:
        return self._heard.get(one.plugged)

    def _sounds(self, one: Seen, claim: Claim) -> bool:
        return one.identity.model == claim.identity.model and self._voice(one) == claim.voice

    def _contradicted(self, claim: Claim, one: Seen) -> bool:
        """Whether the line was heard to be something else than the claim's device."""
        voice = self._voice(one)
        return voice is not None and claim.voice is not None and voice != claim.voice

    def _strength(self, claim: Claim, one: Seen) -> How:
        if self._has_name(claim):
            return How.SERIAL
        return How.VOICE if claim.voice and self._voice(one) == claim.voice else How.CHOICE

    def _in_socket(self, claim: Claim) -> Seen | None:
        for one in self._free.values():
            fits = one.identity.sits_as(claim.identity) and not self._another_name(one)
            if fits and not self._contradicted(claim, one):
                return one
        return None

    def _could_be_another(self, claim: Claim) -> bool:
        """Whether a claimed twin that is not accounted for may have come to this socket."""
        return claim.identity.model in self._twins and any(
            other.name != claim.name
            and other.identity.model == claim.identity.model
            and not self._has_name(other)
            for other in self._open.values()
        )


def _claimed_twice(claims: Iterable[Claim]) -> frozenset[tuple[Model, str]]:
    times = Counter(claim.identity.named for claim in claims if claim.identity.serial)
    return frozenset(named for named, count in times.items() if count > 1)
