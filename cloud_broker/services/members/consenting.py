"""Consents on the member's own page: what each does, what she said when, yes and no again."""

from dataclasses import dataclass, replace

from cloud_broker.domain import contacts
from cloud_broker.domain.phone_consents import PERSONALISE, SAID_HERE, TEXTS, VERSION, text_hash
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.phones import SaidConsent
from cloud_broker.ports.profiles import Profile
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import ConsentRow, HqQueries
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

CHANNEL = "phone"


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose: how it stands (None: she was never asked), may it be said here, its history."""

    kind: str
    given: bool | None
    here: bool
    text_zh: str
    text_en: str
    words: tuple[ConsentRow, ...]


class Consenting:
    """Answers to a phone that proved whose it is."""

    def __init__(self, units: Units, queries: HqQueries, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._queries = queries
        self._clock = clock
        self._ids = ids

    def purposes(self, who: PhoneHolder) -> tuple[Purpose, ...]:
        """Return every purpose with its history, newest word first; Fault API_NOT_FOUND."""
        page = self._queries.member(who.tenant, who.member)
        if page is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="member")
        with self._units.begin(who.tenant) as unit:
            personal = _profile(unit, who).personal
        kinds = dict.fromkeys([*sorted({one.kind for one in page.consents}), *SAID_HERE])
        return tuple(self._purpose(kind, page.consents, personal=personal) for kind in kinds)

    def say(self, who: PhoneHolder, kind: str, language: str, *, given: bool) -> None:
        """Record a yes or a no; said twice, it is recorded once. Fault API_BODY_INVALID."""
        if kind not in TEXTS:
            raise Fault(FaultCode.API_BODY_INVALID, detail=kind)
        now = self._clock.now_ms()
        said = SaidConsent(
            self._ids.uuid7(),
            who.member,
            kind,
            given,
            VERSION,
            text_hash(kind, language),
            language,
            CHANNEL,
            now,
        )
        with self._units.begin(who.tenant) as unit:
            if unit.phones.consent_given(who.member, kind) is given:
                return
            unit.phones.say_consent(said)
            if kind == PERSONALISE:
                unit.profiles.save(replace(_profile(unit, who), personal=given), now)
            refresh(unit, {who.member}, now)
            detail = {"kind": kind, "key_id": who.key_id.hex()}
            act = "consent.give" if given else "consent.withdraw"
            unit.hq.audit(AuditEntry("member", act, str(who.member), detail), now)
            unit.announce(LiveEvent(who.tenant, frozenset({"member", "published"})))

    def declare_year(self, who: PhoneHolder, year: int | None) -> None:
        """Keep the year she was born in as she says it, None to forget it."""
        now = self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            unit.profiles.save(replace(_profile(unit, who), birth_year=year), now)
            refresh(unit, {who.member}, now)
            detail = {"birth_year": "set" if year else "forgotten"}
            unit.hq.audit(AuditEntry("member", "profile.set", str(who.member), detail), now)

    def year(self, who: PhoneHolder) -> int | None:
        """Return the year she said."""
        with self._units.begin(who.tenant) as unit:
            return _profile(unit, who).birth_year

    def _purpose(self, kind: str, consents: tuple[ConsentRow, ...], *, personal: bool) -> Purpose:
        words = tuple(one for one in consents if one.kind == kind)
        given = words[0].given if words else None
        if kind == PERSONALISE:
            given = personal
        texts = _text(kind)
        return Purpose(kind, given, kind in TEXTS, texts["zh"], texts["en"], words)


def _text(kind: str) -> dict[str, str]:
    """Return what she is asked: to be written to, her address is kept, and she is told so."""
    for channel, purpose in contacts.PURPOSES.items():
        if purpose == kind:
            return contacts.TEXTS[channel]
    return TEXTS.get(kind, {"zh": "", "en": ""})


def _profile(unit: Unit, who: PhoneHolder) -> Profile:
    return unit.profiles.profiles([who.member]).get(who.member, Profile(who.member))
