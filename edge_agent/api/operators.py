"""Operators sign in with number and PIN; five wrong tries lock the number for five minutes.

Whoever does nothing for a while is signed out, and so is who hands the counter to a colleague.
"""

import hmac
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from edge_agent.ports.clock import Clock, IdSource
from edge_agent.settings import Operator
from retail_core.errors import Fault
from retail_core.limits import PIN_LOCK_MINUTES, PIN_TRIES_MAX
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

TOKEN_BYTES = 32
SESSION_S = 8 * 3_600
SESSIONS_MAX = 64
IDLE_MINUTES = 15
_LOCK_MS = PIN_LOCK_MINUTES * 60_000

PinCheck = Callable[[str, str], bool]
"""(stored hash, PIN) → whether they belong together; slow on purpose."""


@dataclass(frozen=True, slots=True)
class OperatorIdentity:
    """A person who may enrol members."""

    operator_id: UUID
    number: str
    name: str
    role: str
    pin_hash: str = field(repr=False)


def of_role(operator: OperatorIdentity, roles: Collection[str], who: Words) -> OperatorIdentity:
    """Return an operator of one of some roles; Fault MANAGER_NEEDED names `who` has to sign in."""
    if operator.role not in roles:
        raise Fault(FaultCode.MANAGER_NEEDED, who=who)
    return operator


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """A signed-in operator; the token is shown once and kept here as its SHA-256."""

    token: str = field(repr=False)
    operator: OperatorIdentity
    expires_s: int
    idle_s: int


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    locked_until_ms: int = 0


class OperatorDesk:
    """Checks PINs and holds the sessions, in memory: a restart signs everybody out."""

    def __init__(
        self,
        operators: Iterable[OperatorIdentity],
        clock: Clock,
        ids: IdSource,
        check_pin: PinCheck,
        unknown_hash: str,
        *,
        idle_minutes: int = IDLE_MINUTES,
    ) -> None:
        self._operators = {operator.number: operator for operator in operators}
        self._clock = clock
        self._ids = ids
        self._check_pin = check_pin
        self._unknown_hash = unknown_hash
        self._idle_ms = idle_minutes * 60_000
        self._tries: dict[str, _Tries] = {}
        self._sessions: dict[bytes, tuple[OperatorIdentity, int]] = {}
        self._used_ms: dict[bytes, int] = {}
        # One check at a time: argon2 takes 64 MiB, and guessing must not run in parallel.
        self._lock = threading.Lock()

    @property
    def people(self) -> tuple[OperatorIdentity, ...]:
        """Who may sign in here, by number."""
        return tuple(self._operators[number] for number in sorted(self._operators))

    def login(self, number: str, pin: str, replaces: str | None = None) -> OperatorSession:
        """Open a session, which ends the one of whom it `replaces` at the counter.

        Raises Fault API_OPERATOR_PIN_WRONG or API_OPERATOR_LOCKED.
        """
        with self._lock:
            now_ms = self._clock.now().mono_ms
            operator = self._operators.get(number)
            # All unknown numbers share one count, so guessing numbers costs no memory.
            tries = self._tries.setdefault(number if operator else "", _Tries())
            self._refuse_if_locked(tries, now_ms)
            stored = operator.pin_hash if operator else self._unknown_hash
            good = self._check_pin(stored, pin)
            if operator is None or not good:
                self._count_wrong(tries, now_ms)
                raise Fault(FaultCode.API_OPERATOR_PIN_WRONG)
            tries.wrong = 0
            self._end(replaces)
            return self._open(operator, now_ms)

    def logout(self, token: str | None) -> None:
        """End a session; one that is over is no fault."""
        with self._lock:
            self._end(token)

    def operator(self, token: str | None) -> OperatorIdentity:
        """Return who signed in; raises Fault API_OPERATOR_NEEDED."""
        if not token:
            raise Fault(FaultCode.API_OPERATOR_NEEDED)
        digest, now_ms = _digest(token), self._clock.now().mono_ms
        # Without the lock, which a PIN check holds for long: the dict is replaced, never changed.
        for held, (operator, ends_ms) in self._sessions.items():
            if (
                hmac.compare_digest(held, digest)
                and now_ms < ends_ms
                and self._is_fresh(held, now_ms)
            ):
                self._used_ms[held] = now_ms
                return operator
        raise Fault(FaultCode.API_OPERATOR_NEEDED)

    def _is_fresh(self, held: bytes, now_ms: int) -> bool:
        return now_ms - self._used_ms.get(held, now_ms) < self._idle_ms

    def _end(self, token: str | None) -> None:
        ended = None if token is None else _digest(token)
        self._sessions = {key: held for key, held in self._sessions.items() if key != ended}

    def _refuse_if_locked(self, tries: _Tries, now_ms: int) -> None:
        left_ms = tries.locked_until_ms - now_ms
        if left_ms > 0:
            raise Fault(FaultCode.API_OPERATOR_LOCKED, minutes=-(-left_ms // 60_000))

    def _count_wrong(self, tries: _Tries, now_ms: int) -> None:
        tries.wrong += 1
        if tries.wrong >= PIN_TRIES_MAX:
            tries.wrong = 0
            tries.locked_until_ms = now_ms + _LOCK_MS

    def _open(self, operator: OperatorIdentity, now_ms: int) -> OperatorSession:
        live = {key: held for key, held in self._sessions.items() if held[1] > now_ms}
        while len(live) >= SESSIONS_MAX:
            live.pop(next(iter(live)))
        token = self._ids.random_bytes(TOKEN_BYTES).hex()
        digest = _digest(token)
        live[digest] = (operator, now_ms + SESSION_S * 1_000)
        self._sessions = live
        used = {key: ms for key, ms in tuple(self._used_ms.items()) if key in live}
        self._used_ms = used | {digest: now_ms}
        return OperatorSession(token, operator, SESSION_S, self._idle_ms // 1_000)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def operator_desk(
    people: Iterable[Operator], clock: Clock, ids: IdSource, *, idle_minutes: int = IDLE_MINUTES
) -> OperatorDesk:
    """Return the desk of a box, with argon2 behind it."""
    hasher = PasswordHasher()

    def check(stored: str, pin: str) -> bool:
        try:
            return hasher.verify(stored, pin)
        except (Argon2Error, InvalidHashError):
            return False

    known = [
        OperatorIdentity(
            person.id, person.number, person.name, person.role, person.pin_hash.get_secret_value()
        )
        for person in people
    ]
    # An unknown number is checked against this one, so that it takes as long as a known one.
    nobody = known[0].pin_hash if known else hasher.hash(ids.random_bytes(16).hex())
    return OperatorDesk(known, clock, ids, check, nobody, idle_minutes=idle_minutes)
