"""Leaving: asked for by her, by a shop or by HQ; days of grace; and then she is forgotten.

Within the days of grace she may come back: a code by SMS to her own number is enough. Her points
and cards go on working in the shops till then, because they are hers.
"""

from dataclasses import replace
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.phones import WithdrawnConsent
from cloud_broker.ports.privacy import Channel, Leaving, LeavingState, PrivacyShelf
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.persons.persons import same_persons
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import CHANNELS
from retail_core.texts.faults import FaultCode

GRACE_DAYS = 15
LISTED_MAX = 500
DAY_MS = 24 * 3_600_000
# What she said yes to that is not the membership itself ends when she asks to leave.
ENDS_AT_ONCE = (
    "marketing",
    "sms",
    "wechat",
    "personalise",
    "tags.sensitive",
    "face.local",
    "face.roaming",
    "face.walk_up",
    "face.minor_guardian",
)
S = LeavingState


class Leavings:
    """Asks, agrees, takes back; `grace_days` is how long she may come back."""

    def __init__(
        self,
        units: Units,
        shelf: PrivacyShelf,
        clock: Clock,
        ids: IdSource,
        grace_days: int = GRACE_DAYS,
    ) -> None:
        self._units = units
        self._shelf = shelf
        self._clock = clock
        self._ids = ids
        self.grace_days = grace_days

    def by_herself(self, tenant: UUID, member: UUID) -> Leaving:
        """Let her leave on her own word; Faults API_NOT_FOUND, LEAVING_TWICE."""
        asked = self._asked(tenant, member, "phone", "member", "")
        return self._agreed(tenant, asked, "", self.grace_days)

    def request(
        self, tenant: UUID, member: UUID, channel: Channel, who: str, why: str = ""
    ) -> Leaving:
        """Ask for her; a second person of HQ decides. Faults API_NOT_FOUND, LEAVING_TWICE."""
        return self._asked(tenant, member, channel, who, why)

    def at_once(self, tenant: UUID, member: UUID, who: str, why: str) -> Leaving:
        """Let her leave without days of grace: for whoever runs the server, on a lawful demand."""
        alive = self._shelf.alive(tenant, member)
        asked = alive or self._asked(tenant, member, "cli", who, why)
        if asked.state is S.TELLING:
            return asked
        return self._agreed(tenant, asked, "", 0)

    def decide(self, tenant: UUID, leaving: UUID, who: str, *, agree: bool) -> Leaving:
        """Agree as a second person, or refuse; Faults API_NOT_FOUND, E114, E115."""
        held = self._one(tenant, leaving)
        if held.state is not S.REQUESTED:
            raise Fault(FaultCode.LEAVING_STATE, state=held.state.value)
        if not agree:
            now = self._clock.now_ms()
            return self._moved(tenant, held, replace(held, state=S.REFUSED, ended_ms=now), who)
        if who == held.asked_by:
            raise Fault(FaultCode.LEAVING_SECOND)
        return self._agreed(tenant, held, who, self.grace_days)

    def come_back(self, tenant: UUID, member: UUID, who: str) -> bool:
        """Take her leaving back; False when there is none, Fault E114 once shops were told."""
        held = self._shelf.alive(tenant, member)
        if held is None:
            return False
        if held.state is S.TELLING:
            raise Fault(FaultCode.LEAVING_STATE, state=held.state.value)
        self._moved(tenant, held, replace(held, state=S.BACK, ended_ms=self._clock.now_ms()), who)
        return True

    def alive(self, tenant: UUID, member: UUID) -> Leaving | None:
        """Return how a member's leaving stands; None when she stays."""
        return self._shelf.alive(tenant, member)

    def leavings(self, tenant: UUID) -> tuple[Leaving, ...]:
        """Return wishes to leave, the newest first."""
        return self._shelf.leavings(tenant, LISTED_MAX)

    def _asked(self, tenant: UUID, member: UUID, channel: Channel, who: str, why: str) -> Leaving:
        now = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            if member not in unit.members.wallets([member]):
                raise Fault(FaultCode.API_NOT_FOUND, what="member")
        asked = Leaving(
            self._ids.uuid7(), member, channel, who, why, now, self.grace_days, S.REQUESTED
        )
        if not self._shelf.ask(tenant, asked):
            raise Fault(FaultCode.LEAVING_TWICE)
        self._note(tenant, asked, who)
        return asked

    def _agreed(self, tenant: UUID, held: Leaving, second: str, days: int) -> Leaving:
        now = self._clock.now_ms()
        opened = replace(held, state=S.OPEN, second=second, due_ms=now + days * DAY_MS)
        moved = self._moved(tenant, held, opened, second or held.asked_by)
        with self._units.begin(tenant) as unit:
            self._rest(unit, tenant, held.member, now)
        return moved

    def _rest(self, unit: Unit, tenant: UUID, member: UUID, now_ms: int) -> None:
        """End what she need not wait for: her phone's key, and every yes beside the membership."""
        members = same_persons(unit, [member])
        for channel in CHANNELS:
            unit.messages.drop_contacts(members, channel)
        for one in members:
            unit.phones.revoke_keys(one, now_ms)
            for kind in ENDS_AT_ONCE:
                if unit.phones.consent_given(one, kind):
                    unit.phones.withdraw_consent(
                        WithdrawnConsent(self._ids.uuid7(), one, kind, "zh", "leaving", now_ms)
                    )
        refresh(unit, members, now_ms)
        unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))

    def _one(self, tenant: UUID, leaving: UUID) -> Leaving:
        held = self._shelf.one(tenant, leaving)
        if held is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="leaving")
        return held

    def _moved(self, tenant: UUID, before: Leaving, after: Leaving, who: str) -> Leaving:
        if not self._shelf.move(tenant, before, after):
            raise Fault(
                FaultCode.LEAVING_STATE, state=self._one(tenant, before.leaving).state.value
            )
        self._note(tenant, after, who)
        return after

    def _note(self, tenant: UUID, leaving: Leaving, who: str) -> None:
        # By the leaving, not by her: the chain of acts cannot forget.
        said = {"state": leaving.state.value, "channel": leaving.channel}
        entry = AuditEntry(who, "privacy.leaving", str(leaving.leaving), said)
        with self._units.begin(tenant) as unit:
            unit.hq.audit(entry, self._clock.now_ms())
