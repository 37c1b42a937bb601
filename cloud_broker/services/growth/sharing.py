"""Shared links: a member makes one, a friend opens it on her own phone, and it may count.

A link carries its tenant, its number and a seal: one that nobody made is refused without asking the
database. Who opens it is known only when her own phone has signed that she does; so nobody counts
by opening links in a browser, and nobody counts twice.
"""

import base64
import hmac
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.tasks import Opened, ShareLink
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.errors import Fault
from retail_core.growth.referral import Link, Newcomer, ReferralRule, Refusal, refusal
from retail_core.growth.rewards import Reward
from retail_core.growth.task_progress import runs_on
from retail_core.growth.tasks import ShareTask
from retail_core.identity.naming import mask_name
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.texts.faults import FaultCode

SEAL_BYTES = 12
DEVICE_BYTES_MAX = 64
_ID_BYTES = 16
_CONTEXT = b"regulars-share-1"
_DEVICE = b"regulars-share-device-1"


# What the member reads on her phone, in zh and en.
_WHY = {
    Refusal.HERSELF: ("这是您自己的链接", "this is your own link"),
    Refusal.INVITED: ("您已由朋友邀请过", "a friend has invited you before"),
    Refusal.KNOWN: ("您在收到链接之前就是会员", "you were a member before the link was made"),
    Refusal.SAME_DEVICE: (
        "这部手机是邀请人的,或已受邀过",
        "this phone is the friend's own, or was invited before",
    ),
    Refusal.TOO_LATE: ("入会已久,链接过了时间", "you joined too long ago for this link"),
}


@dataclass(frozen=True, slots=True)
class Invitation:
    """What somebody who follows a link is told: who shares, her name masked, and what for."""

    tenant: UUID
    from_name: str
    about: str


class Sharing:
    """Makes links and takes what comes of them; called from the API's threads."""

    def __init__(
        self, units: Units, clock: Clock, ids: IdSource, keys: KeyRing, rules: RulesInForce
    ) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._rules = rules

    def link(self, who: PhoneHolder, about: str, device: bytes) -> str:
        """Return a member's link for a task or the invitation, sealed (Fault M143).

        `device` names her browser, as far as it tells; she cannot be her own friend there.
        """
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            bundle = self._rules.of(unit, who.tenant, now_ms)
            if not _runs(bundle, about, self._rules.day(now_ms)):
                raise Fault(FaultCode.TASK_NOT_RUNNING)
            made = ShareLink(self._ids.uuid7(), who.member, about, _device(device), now_ms)
            link = unit.tasks.add_link(made)
        return self._sealed(who.tenant, link.link)

    def seen(self, token: str) -> Invitation:
        """Return what a link says to whoever follows it (Fault M140)."""
        tenant, number = self._opened(token)
        with self._units.begin(tenant) as unit:
            link = unit.tasks.link(number)
            facts = () if link is None else unit.members.facts([link.member])
        if link is None or not facts:
            raise Fault(FaultCode.LINK_INVALID)
        return Invitation(tenant, mask_name(facts[0].name), link.about)

    def opened(self, who: PhoneHolder, token: str, device: bytes) -> None:
        """Note that a member came by a link (Faults M140, M141 with the reason, M143)."""
        tenant, number = self._opened(token)
        if tenant != who.tenant:
            raise Fault(FaultCode.LINK_INVALID)
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            link = unit.tasks.link(number)
            if link is None:
                raise Fault(FaultCode.LINK_INVALID)
            bundle = self._rules.of(unit, tenant, now_ms)
            if not _runs(bundle, link.about, self._rules.day(now_ms)):
                raise Fault(FaultCode.TASK_NOT_RUNNING)
            self._count(unit, bundle, link, (who.member, _device(device)), now_ms)

    def _count(
        self,
        unit: Unit,
        bundle: RuleBundle,
        link: ShareLink,
        whom: tuple[UUID, bytes],
        now_ms: int,
    ) -> None:
        member, device = whom
        rule = bundle.referral
        invites = rule is not None and link.about == rule.id
        came = _newcomer(unit, member, device)
        asked = rule if rule is not None and invites else _SHARE
        persons = unit.benefits.persons([link.member]).get(link.member, (link.member,))
        herself = member in persons
        why = refusal(asked, Link(link.member, link.made_ms, link.device), came, now_ms)
        joined = why is None
        day = self._rules.day(now_ms)
        opened = Opened(link, member, day, joined, device)
        if invites:
            if herself or why is not None:
                raise _refused(why or Refusal.HERSELF)
            unit.tasks.add_referral(opened, now_ms)
        elif herself or (device and device == link.device):
            raise _refused(Refusal.HERSELF)
        else:
            unit.tasks.add_open(opened, now_ms)
        unit.tasks.add_due({link.member, member}, now_ms)

    # ---- the link's text ------------------------------------------------------------------------

    def _sealed(self, tenant: UUID, number: UUID) -> str:
        raw = tenant.bytes + number.bytes + self._seal(tenant, number)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def _seal(self, tenant: UUID, number: UUID) -> bytes:
        key = self._keys.keys(tenant).phone_hash_key
        said = _CONTEXT + tenant.bytes + number.bytes
        return hmac.digest(key, said, "sha256")[:SEAL_BYTES]

    def _opened(self, token: str) -> tuple[UUID, UUID]:
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (NotBase64, ValueError):
            raise Fault(FaultCode.LINK_INVALID) from None
        if len(raw) != 2 * _ID_BYTES + SEAL_BYTES:
            raise Fault(FaultCode.LINK_INVALID)
        tenant, number = UUID(bytes=raw[:_ID_BYTES]), UUID(bytes=raw[_ID_BYTES : 2 * _ID_BYTES])
        # A tenant nobody has must not be given keys.
        known = tenant in self._units.tenants()
        if not known or not hmac.compare_digest(raw[-SEAL_BYTES:], self._seal(tenant, number)):
            raise Fault(FaultCode.LINK_INVALID)
        return tenant, number


# A task asks of a friend what an invitation asks, without its deadline.
_SHARE = ReferralRule(inviter=Reward(), link_days=366)


def _newcomer(unit: Unit, member: UUID, device: bytes) -> Newcomer:
    """Return who came: the day she joined is that of the first of her names here."""
    persons = unit.benefits.persons([member]).get(member, (member,))
    homes = [home for one in persons for home in (unit.tasks.home(one),) if home is not None]
    if not homes:
        raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
    return Newcomer(
        member,
        min(home.joined_ms for home in homes),
        device,
        any(unit.tasks.is_invited(one) for one in persons),
        unit.tasks.devices([device]) if device else frozenset(),
    )


def _runs(bundle: RuleBundle, about: str, today: date) -> bool:
    rule = bundle.referral
    if rule is not None and rule.id == about:
        return True
    return any(
        isinstance(task, ShareTask) and task.id == about and runs_on(task, today)
        for task in bundle.tasks
    )


def _device(told: bytes) -> bytes:
    return sha256(_DEVICE + told[:DEVICE_BYTES_MAX]).digest()[:_ID_BYTES] if told else b""


def _refused(why: Refusal) -> Fault:
    zh, en = _WHY[why]
    return Fault(FaultCode.INVITE_REFUSED, reason=why.value, why_zh=zh, why_en=en)
