"""HQ's people sign in; what they hold is an opaque token of which only the hash is stored."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import cast
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry, HqUser
from cloud_broker.ports.secrets import Passwords
from cloud_broker.ports.sight import as_the_program
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TOKEN_BYTES = 32
SESSION_HOURS = 12
TOKEN_DAYS = 365
PASSWORD_CHARS_MIN = 12
PASSWORD_CHARS = 20
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class HqAccess:
    """Adds people, signs them in and out."""

    units: Units
    clock: Clock
    ids: IdSource
    passwords: Passwords
    # None: everybody may sign in by password; otherwise these logins alone, for the day when the
    # sign-in service is away.
    by_password: frozenset[str] | None = None

    def add_user(
        self, tenant: UUID, login: str, name: str, role: str, *, password: str = ""
    ) -> str:
        """Enter a person and return the password, drawn here when none is given."""
        if password and len(password) < PASSWORD_CHARS_MIN:
            detail = f"password: at least {PASSWORD_CHARS_MIN} characters"
            raise Fault(FaultCode.API_BODY_INVALID, detail=detail)
        chosen = password or drawn_password(self.ids)
        user = HqUser(self.ids.uuid7(), login, name, role, self.passwords.hash(chosen))
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            unit.hq.add_user(user, now)
            unit.hq.audit(AuditEntry("cli", "hq_user.add", login, {"role": role}), now)
        return chosen

    def login(self, login: str, password: str) -> tuple[str, HqIdentity]:
        """Return a session token and who it stands for; `login` may be `name@tenant`.

        Raises Fault API_LOGIN_WRONG, API_OPERATOR_LOCKED after too many tries, OIDC_LOCAL_OFF. How
        a try went is stored either way, so the transaction ends before the fault is raised.
        """
        name, _, slug = login.partition("@")
        if self.by_password is not None and name not in self.by_password:
            raise Fault(FaultCode.OIDC_LOCAL_OFF)
        tenant = self.units.tenant(slug)
        if tenant is None:
            raise Fault(FaultCode.API_LOGIN_WRONG)
        with self.units.begin(tenant) as unit:
            tried = self._try(unit, tenant, unit.hq.user(name), password)
        if isinstance(tried, Fault):
            raise tried
        return tried

    def _try(
        self, unit: Unit, tenant: UUID, user: HqUser | None, password: str
    ) -> tuple[str, HqIdentity] | Fault:
        now = self.clock.now_ms()
        if user is None:
            # The same work as for a known login, so that time does not tell them apart.
            self.passwords.hash(password)
            return Fault(FaultCode.API_LOGIN_WRONG)
        if user.locked_until_ms > now:
            minutes = -(-(user.locked_until_ms - now) // _MINUTE_MS)
            return Fault(FaultCode.API_OPERATOR_LOCKED, minutes=minutes)
        if not self.passwords.matches(password, user.password_hash):
            self._note_failure(unit, user, now)
            return Fault(FaultCode.API_LOGIN_WRONG)
        unit.hq.note_try(user.user_id, failed_tries=0, locked_until_ms=0)
        return self.signed_in(unit, tenant, user, {"by": "password"} if self.by_password else {})

    def signed_in(
        self, unit: Unit, tenant: UUID, user: HqUser, how: Mapping[str, object]
    ) -> tuple[str, HqIdentity]:
        """Open a session for somebody whom another service vouches for."""
        now = self.clock.now_ms()
        expires = now + SESSION_HOURS * _HOUR_MS
        token = self._open(unit, tenant, user, "session", expires, "")
        unit.hq.audit(AuditEntry(user.login, "hq.login", user.login, how), now)
        return token, _identity(tenant, user, by_token=False, expires_ms=expires)

    def _note_failure(self, unit: Unit, user: HqUser, now: int) -> None:
        tries = user.failed_tries + 1
        over = tries >= limits.PIN_TRIES_MAX
        until = now + limits.PIN_LOCK_MINUTES * _MINUTE_MS
        unit.hq.note_try(
            user.user_id,
            failed_tries=0 if over else tries,
            locked_until_ms=until if over else 0,
        )

    def api_token(self, tenant: UUID, login: str, label: str) -> str:
        """Make a long-lived token for a system that acts as a person."""
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            user = unit.hq.user(login)
            if user is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"user {login}")
            token = self._open(unit, tenant, user, "token", now + TOKEN_DAYS * _DAY_MS, label)
            unit.hq.audit(AuditEntry("cli", "hq_token.add", login, {"label": label}), now)
        return token

    def who(self, token: str) -> HqIdentity:
        """Return who a session or API token stands for; Fault HQ_TOKEN_WRONG."""
        tenant = _tenant_of(token)
        with as_the_program(), self.units.begin(tenant) as unit:
            found = unit.hq.session(_hash(token))
        if found is None or found.expires_ms <= self.clock.now_ms():
            raise Fault(FaultCode.HQ_TOKEN_WRONG)
        return _identity(
            tenant, found.user, by_token=found.kind == "token", expires_ms=found.expires_ms
        )

    def logout(self, token: str) -> None:
        """End a session; an unknown token is passed over."""
        with as_the_program(), self.units.begin(_tenant_of(token)) as unit:
            unit.hq.end_session(_hash(token))

    def _open(
        self, unit: Unit, tenant: UUID, user: HqUser, kind: str, expires_ms: int, label: str
    ) -> str:
        token = f"{tenant}.{self._secret()}"
        unit.hq.add_session(user.user_id, _hash(token), kind, expires_ms, label)
        return token

    def _secret(self) -> str:
        return _drawn(self.ids)


def drawn_password(ids: IdSource) -> str:
    """Draw a password that nobody guesses."""
    return _drawn(ids)[:PASSWORD_CHARS]


def _drawn(ids: IdSource) -> str:
    return urlsafe_b64encode(ids.random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()


def _tenant_of(token: str) -> UUID:
    """Read the tenant a token begins with: it is looked up among that tenant's rows only."""
    try:
        return UUID(token.partition(".")[0])
    except ValueError:
        raise Fault(FaultCode.HQ_TOKEN_WRONG) from None


def _identity(tenant: UUID, user: HqUser, *, by_token: bool, expires_ms: int) -> HqIdentity:
    role = cast("HqRole", user.role)
    return HqIdentity(
        *(tenant, user.user_id, user.login, user.name, role, by_token, expires_ms),
        place=user.place,
    )


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
