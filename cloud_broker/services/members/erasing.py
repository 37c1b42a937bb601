"""Erasing a person: her shops are told, and when they have heard, she goes from every table.

Her shops first: a box that has not heard would book her next purchase under an id that nobody here
knows any more. A box that stays away holds nothing up for longer than a lease on a face lasts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.feed import NewChange
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.privacy import (
    CertificateFiles,
    Certified,
    Erase,
    Leaving,
    LeavingState,
    PrivacyShelf,
)
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.persons.persons import same_persons
from cloud_broker.services.rights.restoring import frozen
from cloud_broker.services.stores.store_sets import NOTHING
from retail_core.errors import Fault
from retail_core.identity.erasure import pseudonym
from retail_core.identity.erasure_certificate import (
    VERSION,
    ErasedPlace,
    ErasureCertificate,
    sign_certificate,
)
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind

DAY_MS = 24 * 3_600_000
# As long as a lease on a face: by then a box that hears nothing has forgotten what matters most.
HEARD_WITHIN_DAYS = 30
# Each table is read once for her: while hardly anybody buys.
NIGHT_HOURS = range(2, 6)
# What stays without her: the books the tax law asks for, proofs of consent, the chain of acts.
KEPT = ("ledger", "receipts", "consents", "audit")
# In the chain of acts she is named by an id that is in no other table; that chain cannot be cut.
STAYS_IN = frozenset({"audit"})
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Erasing:
    """Works leavings off; `after` is told of a night in which somebody was erased.

    `files` keep certificates where no restore takes them back.
    """

    units: Units
    shelf: PrivacyShelf
    clock: Clock
    ids: IdSource
    keys: KeyRing
    zone: str = "Asia/Shanghai"
    after: Callable[[UUID], None] | None = None
    files: CertificateFiles | None = None
    _erased: dict[UUID, date] = field(default_factory=dict, compare=False)

    def run(self, tenant: UUID) -> int:
        """Do what is due, at night; return how many leavings went on."""
        local = datetime.fromtimestamp(self.clock.now_ms() / 1000, ZoneInfo(self.zone))
        if local.hour not in NIGHT_HOURS:
            return 0
        done = 0
        for leaving in self.shelf.due(tenant, self.clock.now_ms()):
            try:
                done += self.go_on(tenant, leaving) is not None
            except Fault as fault:
                if fault.code is not FaultCode.ERASURE_WAITS:
                    raise
        if not done and tenant in self._erased:
            # Forgotten only once it is done: what fails is tried again.
            if self.after is not None:
                self.after(tenant)
            del self._erased[tenant]
        return done

    def go_on(self, tenant: UUID, leaving: Leaving) -> Certified | None:
        """Take a leaving its next step: tell her shops (None), or erase her. Fault E116."""
        with self.units.begin(tenant) as unit:
            members = tuple(sorted(same_persons(unit, [leaving.member])))
            held = any(unit.members.stores_of(members).values())
        if leaving.state is LeavingState.OPEN or held:
            self._tell(tenant, leaving, members)
            return None
        now = self.clock.now_ms()
        unheard = self.shelf.unheard(tenant, members)
        with self.units.begin(tenant) as unit:
            # What boxes send again after a restore is hers, too: it comes first.
            waits = bool(unheard) or frozen(unit)
        if waits and now < (leaving.told_ms or now) + HEARD_WITHIN_DAYS * DAY_MS:
            raise Fault(
                FaultCode.ERASURE_WAITS, stores=max(1, len(unheard)), days=HEARD_WITHIN_DAYS
            )
        return self._erase(tenant, leaving, members, unheard)

    def _tell(self, tenant: UUID, leaving: Leaving, members: tuple[UUID, ...]) -> None:
        now = self.clock.now_ms()
        if leaving.state is LeavingState.OPEN:
            told = replace(leaving, state=LeavingState.TELLING, told_ms=now)
            if not self.shelf.move(tenant, leaving, told):
                return  # she came back this very moment
            for other in members:
                if other != leaving.member:
                    self.shelf.ask(tenant, replace(told, leaving=self.ids.uuid7(), member=other))
        with self.units.begin(tenant) as unit:
            _let_go(unit, members, now)
            unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))

    def _erase(
        self,
        tenant: UUID,
        leaving: Leaving,
        members: tuple[UUID, ...],
        unheard: tuple[UUID, ...],
    ) -> Certified:
        now = self.clock.now_ms()
        erasure = self.ids.uuid7()
        sought = self.shelf.sought(tenant, members)
        # Of no order and no time: which of the books were one person's is not to be read off them.
        news = tuple(UUID(bytes=self.ids.random_bytes(_ID_BYTES), version=4) for _ in members)

        def certify(places: Sequence[ErasedPlace]) -> Certified:
            said = ErasureCertificate(
                v=VERSION,
                erasure_id=str(erasure),
                tenant=str(tenant),
                members=tuple(pseudonym(tenant, one) for one in members),
                channel=leaving.channel,
                asked_ms=leaving.asked_ms,
                erased_ms=now,
                places=tuple(places),
                unheard=len(unheard),
                kept=KEPT,
            )
            seed = self.keys.keys(tenant).bundle_seed
            return Certified(erasure, now, sign_certificate(said, seed))

        made = self.shelf.erase(
            tenant, Erase(leaving.leaving, members, news, unheard, now), certify
        )
        with self.units.begin(tenant) as unit:
            detail = {"channel": leaving.channel, "unheard": len(unheard)}
            unit.hq.audit(AuditEntry("privacy", "privacy.erase", str(erasure), detail), now)
            unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))
        if self.files is not None:
            self.files.keep(tenant, made)
        left = set(self.shelf.found(tenant, sought)) - STAYS_IN
        if left - ({"feed"} if unheard else set()):
            raise Fault(FaultCode.ERASURE_RESIDUE, places=", ".join(sorted(left)))
        self._erased[tenant] = datetime.fromtimestamp(now / 1000, ZoneInfo(self.zone)).date()
        return made


def _let_go(unit: Unit, members: tuple[UUID, ...], now_ms: int) -> None:
    """Take her out of every shop's set, and say in their feeds that she is gone."""
    stores = unit.members.stores_of(members)
    pairs = sorted((store, member) for member, some in stores.items() for store in some)
    unit.members.bump(members)
    versions = {facts.member: facts.ver for facts in unit.members.facts(members)}
    unit.sets.release(pairs)
    gone: dict[UUID, list[NewChange]] = {}
    for store, member in pairs:
        change = NewChange(ChangeKind.MEMBER_GONE, member, versions[member], NOTHING)
        gone.setdefault(store, []).append(change)
    for member in members:
        unit.phones.revoke_keys(member, now_ms)
    unit.members.revoke_cards(members, now_ms)
    unit.feed.append(gone, now_ms)
