"""WeChat on the member's page: bound in one step, and a way to sign in once it is bound.

What WeChat says rests as a keyed hash, as a number does. Its state is made from the phone's own
number and a key of ours, so that a link which somebody else sent binds nobody.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.ports.wechat import WeChat, WeChatPerson
from cloud_broker.services.members.leaving import Leavings
from cloud_broker.services.members.phones import Claimed, PhoneHolder, Phones
from cloud_broker.services.persons.persons import same_persons
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

KINDS: Final = ("openid", "unionid")
# Who says so in the evidence of who is one person: her own page, not a till.
SOURCE: Final = "page"
_STATE = b"regulars wechat state\0"
_PERSON = b"regulars wechat person\0"
_STATE_CHARS = 32


@dataclass(frozen=True, slots=True)
class WeChatBinding:
    """Binds and signs in; `wechat` is None where HQ has not set it up."""

    units: Units
    keys: KeyRing
    clock: Clock
    wechat: WeChat | None
    phones: Phones
    leavings: Leavings
    tenants: Callable[[str], UUID]

    def address(self, chain: str, browser: str, back: str) -> str:
        """Return where this browser goes to agree; Fault E119."""
        wechat = self._on()
        return wechat.address(back, self._state(self.tenants(chain), browser))

    def bind(self, who: PhoneHolder, browser: str, code: str, state: str) -> str:
        """Let WeChat's person be this member; return her openid. Faults E119, E120."""
        person = self._person(who.tenant, browser, code, state)
        now = self.clock.now_ms()
        named = self._named(who.tenant, person)
        with self.units.begin(who.tenant) as unit:
            unit.evidence.speaking(SOURCE)
            owners = set(unit.members.identities(list(named)).values())
            if owners - same_persons(unit, [who.member]):
                raise Fault(FaultCode.WECHAT_REFUSED, why="已是另一位会员的 another member's")
            unit.members.add_identities(dict.fromkeys(named, who.member), now)
            unit.hq.audit(AuditEntry("member", "wechat.bind", str(who.member), {}), now)
            unit.announce(LiveEvent(who.tenant, frozenset({"member"})))
        return person.openid

    def claim(
        self, chain: str, browser: str, code: str, state: str, public_key: bytes | None
    ) -> Claimed:
        """Let a phone speak for whom WeChat says she is; Faults E119, E120, A108."""
        tenant = self.tenants(chain)
        named = self._named(tenant, self._person(tenant, browser, code, state))
        with self.units.begin(tenant) as unit:
            found = unit.members.identities(list(named))
        member = next(iter(found.values()), None)
        if member is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="member")
        self.leavings.come_back(tenant, member, "member")
        return self.phones.bind(tenant, member, public_key, "wechat.sign_in")

    def _person(self, tenant: UUID, browser: str, code: str, state: str) -> WeChatPerson:
        wechat = self._on()
        if not hmac.compare_digest(state.encode(), self._state(tenant, browser).encode()):
            raise Fault(FaultCode.WECHAT_REFUSED, why="state")
        return wechat.person(code)

    def _named(self, tenant: UUID, person: WeChatPerson) -> tuple[tuple[str, bytes], ...]:
        key = self.keys.keys(tenant).phone_hash_key
        said = zip(KINDS, (person.openid, person.unionid), strict=True)
        return tuple(
            (kind, hmac.digest(key, _PERSON + value.encode(), "sha256"))
            for kind, value in said
            if value
        )

    def _state(self, tenant: UUID, browser: str) -> str:
        key = self.keys.keys(tenant).phone_hash_key
        return hmac.new(key, _STATE + browser.encode(), "sha256").hexdigest()[:_STATE_CHARS]

    def _on(self) -> WeChat:
        if self.wechat is None:
            raise Fault(FaultCode.WECHAT_OFF)
        return self.wechat
