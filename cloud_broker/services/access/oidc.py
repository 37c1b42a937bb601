"""Signing in by the company's own accounts: OpenID Connect, code flow with PKCE.

What a sign-in has to remember on its way travels in the visitor's own browser, sealed, so any
process can go on with it and nobody can begin one for somebody else.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.id_token import Claims
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry, HqUser
from cloud_broker.ports.links import Link, LinkKind
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.people import HqAccess
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

BEGUN_LIVES_S = 600
DRAWN_BYTES = 32
VALUE_CHARS_MAX = 255
_MS = 1_000


class IdProvider(Protocol):
    """The company's sign-in service."""

    @property
    def issuer(self) -> str:
        """Return what it is called."""
        ...

    def door(self, back: str, state: str, nonce: str, challenge: str) -> str:
        """Return the address at which somebody signs in there. Fault OIDC_UNREACHABLE."""
        ...

    def claims(self, back: str, code: str, verifier: str, nonce: str) -> Claims:
        """Redeem a code and return who it is; Faults OIDC_UNREACHABLE to OIDC_TOKEN_WRONG."""
        ...

    def way_out(self, back: str) -> str:
        """Return the address at which somebody signs out there, "" where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back with the visitor: their cookie, and the words of the address."""

    begun: str
    state: str
    code: str
    error: str


@dataclass(frozen=True, slots=True)
class OidcDesk:
    """Sends people there and takes them back; `tenant` is the chain's short name, "" the only."""

    units: Units
    clock: Clock
    ids: IdSource
    keys: KeyRing
    access: HqAccess
    provider: IdProvider
    back: str
    tenant: str = ""
    label: str = ""

    def begin(self, after: str) -> tuple[str, str]:
        """Return where to go, and what the visitor's browser has to keep meanwhile."""
        state, nonce, verifier = (self._drawn() for _ in range(3))
        challenge = _words(hashlib.sha256(verifier.encode()).digest())
        until = self.clock.now_ms() // _MS + BEGUN_LIVES_S
        body = json.dumps([state, nonce, verifier, after, until]).encode()
        seal = self._seal(self._tenant(), body)
        return self.provider.door(self.back, state, nonce, challenge), f"{_words(body)}.{seal}"

    def finish(self, answer: Answer) -> tuple[str, str]:
        """Return a session's token and where its owner wanted to go. Faults OIDC_*."""
        tenant = self._tenant()
        state, nonce, verifier, after = self._opened(tenant, answer.begun)
        if not hmac.compare_digest(state.encode(), answer.state.encode()):
            raise Fault(FaultCode.OIDC_STATE)
        if answer.error or not answer.code:
            raise Fault(FaultCode.OIDC_REFUSED, reason=(answer.error or "no code")[:100])
        who = self.provider.claims(self.back, answer.code, verifier, nonce)
        with self.units.begin(tenant) as unit:
            token = self._let_in(unit, tenant, who)
        # After the transaction: that a stranger came stands in the audit.
        if token is None:
            raise Fault(FaultCode.OIDC_STRANGER)
        return token, after

    def _let_in(self, unit: Unit, tenant: UUID, who: Claims) -> str | None:
        said: dict[str, object] = {"issuer": who.issuer, "subject": who.subject}
        user = _linked(unit, who)
        if user is None:
            entry = AuditEntry("oidc", "hq.stranger", who.subject, said)
            unit.hq.audit(entry, self.clock.now_ms())
            return None
        return self.access.signed_in(unit, tenant, user, {"by": "oidc", **said})[0]

    def way_out(self) -> str:
        """Return where one signs out of the company's account, too; "" when nobody can say."""
        try:
            return self.provider.way_out(self.back.removesuffix("/oidc/back"))
        except Fault:
            return ""

    def _tenant(self) -> UUID:
        found = self.units.tenant(self.tenant)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"tenant {self.tenant!r}")
        return found

    def _drawn(self) -> str:
        return _words(self.ids.random_bytes(DRAWN_BYTES))

    def _seal(self, tenant: UUID, body: bytes) -> str:
        key = self.keys.keys(tenant).phone_hash_key
        return hmac.new(key, b"regulars oidc sign-in 1\0" + body, hashlib.sha256).hexdigest()

    def _opened(self, tenant: UUID, begun: str) -> tuple[str, str, str, str]:
        text, _, seal = begun.partition(".")
        try:
            body = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise Fault(FaultCode.OIDC_STATE) from None
        if not hmac.compare_digest(seal.encode(), self._seal(tenant, body).encode()):
            raise Fault(FaultCode.OIDC_STATE)
        state, nonce, verifier, after, until = json.loads(body)
        if self.clock.now_ms() // _MS >= until:
            raise Fault(FaultCode.OIDC_STATE)
        return state, nonce, verifier, after


@dataclass(frozen=True, slots=True)
class LinkDesk:
    """Who belongs to whom; each word is entered by somebody and stands in the audit."""

    units: Units
    clock: Clock

    def add(self, tenant: UUID, login: str, issuer: str, kind: LinkKind, value: str) -> Link:
        """Enter one. Faults API_NOT_FOUND, API_BODY_INVALID."""
        value = _value(kind, value)
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            user = unit.hq.user(login)
            if user is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"user {login}")
            link = Link(issuer, kind, value, user.user_id)
            if not unit.links.add(link, "cli", now_ms):
                raise Fault(FaultCode.API_BODY_INVALID, detail=f"{value}: taken")
            _audit(unit, "hq_link.add", link, now_ms)
        return link

    def end(self, tenant: UUID, issuer: str, kind: LinkKind, value: str) -> None:
        """Forget one; whoever is signed in stays so. Fault API_NOT_FOUND."""
        value = _value(kind, value)
        with self.units.begin(tenant) as unit:
            if not unit.links.end(issuer, kind, value):
                raise Fault(FaultCode.API_NOT_FOUND, what=value)
            said = {"issuer": issuer, "kind": kind}
            unit.hq.audit(AuditEntry("cli", "hq_link.end", value, said), self.clock.now_ms())

    def links(self, tenant: UUID) -> tuple[tuple[Link, str], ...]:
        """Return every word, with the login it leads to."""
        with self.units.begin(tenant) as unit:
            logins = {one.user_id: one.login for one in unit.hq.users()}
            return tuple((link, logins[link.user_id]) for link in unit.links.links())


def _linked(unit: Unit, who: Claims) -> HqUser | None:
    """Return the person: by subject, or by an address that the service has verified."""
    by_subject = unit.links.user(who.issuer, "subject", who.subject)
    if by_subject is not None or not who.email:
        return by_subject
    return unit.links.user(who.issuer, "email", who.email)


def _value(kind: LinkKind, value: str) -> str:
    value = value.strip().lower() if kind == "email" else value.strip()
    if not 0 < len(value) <= VALUE_CHARS_MAX or (kind == "email" and "@" not in value):
        raise Fault(FaultCode.API_BODY_INVALID, detail=kind)
    return value


def _audit(unit: Unit, action: str, link: Link, now_ms: int) -> None:
    said = {"issuer": link.issuer, "kind": link.kind, "user": str(link.user_id)}
    unit.hq.audit(AuditEntry("cli", action, link.value, said), now_ms)


def _words(drawn: bytes) -> str:
    return urlsafe_b64encode(drawn).rstrip(b"=").decode()
