"""People of HQ: who there is, what they may do, and where; each change is one of the audit's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from cloud_broker.domain.rights import MAY_BE_PLACED, PLACED, ROLES, Right, may
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry, HqUser
from cloud_broker.ports.secrets import Passwords
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.access.people import drawn_password
from cloud_broker.services.fleet.places import PlaceBook, places
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

NAME_CHARS_MAX = 60
# No @: after it a sign-in names its chain.
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True, slots=True)
class UserAsked:
    """A person as an administrator wants them; `place` is a region or a store, "" for all."""

    name: str
    role: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class UserDesk:
    """The desk of whoever may let people in."""

    units: Units
    clock: Clock
    ids: IdSource
    passwords: Passwords

    def users(self, tenant: UUID) -> tuple[HqUser, ...]:
        """Return everybody, those who left last."""
        with self.units.begin(tenant) as unit:
            return unit.hq.users()

    def places(self, tenant: UUID) -> PlaceBook:
        """Return the regions and stores somebody may be given."""
        return places(self.units, tenant)

    def add(self, who: HqIdentity, login: str, asked: UserAsked) -> str:
        """Enter a person and return the password, drawn here and shown this once.

        Faults API_SCOPE_MISSING, API_BODY_INVALID, USER_PLACE_WRONG.
        """
        _check_may(who)
        if not LOGIN.fullmatch(login):
            raise Fault(FaultCode.API_BODY_INVALID, detail="login: a-z 0-9 . _ -")
        place = self._place(who.tenant_id, asked)
        password = drawn_password(self.ids)
        hashed = self.passwords.hash(password)
        user = HqUser(self.ids.uuid7(), login, asked.name, asked.role, hashed, place=place)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.hq.add_user(user, now_ms)
            _audit(unit, who, "hq_user.add", user, now_ms, _said(user))
        return password

    def change(self, who: HqIdentity, user_id: UUID, asked: UserAsked) -> None:
        """Give somebody another name, role or place; they sign in again.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, USER_PLACE_WRONG, USER_LAST_ADMIN.
        """
        _check_may(who)
        place = self._place(who.tenant_id, asked)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.hq.take_turn()
            before = _found(unit, user_id)
            after = replace(before, name=asked.name, role=asked.role, place=place)
            _keep_an_admin(unit, after)
            unit.hq.set_user(after)
            if (after.role, after.place) != (before.role, before.place):
                unit.hq.end_sessions(user_id)
            said = _said(after) | {"role_before": before.role}
            _audit(unit, who, "hq_user.change", after, now_ms, said)

    def end(self, who: HqIdentity, user_id: UUID) -> None:
        """Let somebody in no more: sessions and tokens end with this.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, USER_SELF, USER_LAST_ADMIN.
        """
        _check_may(who)
        if user_id == who.user_id:
            raise Fault(FaultCode.USER_SELF)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.hq.take_turn()
            left = replace(_found(unit, user_id), left_ms=now_ms)
            _keep_an_admin(unit, left)
            unit.hq.set_user(left)
            ended = unit.hq.end_sessions(user_id)
            _audit(unit, who, "hq_user.end", left, now_ms, {"sessions": ended})

    def _place(self, tenant: UUID, asked: UserAsked) -> UUID | None:
        """Return the place a role is given; Faults API_BODY_INVALID, USER_PLACE_WRONG."""
        if asked.role not in ROLES or not 0 < len(asked.name.strip()) <= NAME_CHARS_MAX:
            raise Fault(FaultCode.API_BODY_INVALID, detail="role, name")
        if not asked.place:
            if asked.role in PLACED:
                raise Fault(FaultCode.USER_PLACE_WRONG, role=asked.role)
            return None
        spot = self.places(tenant).spot(asked.place)
        fits = spot.scope == asked.role if asked.role in PLACED else spot.scope != "device"
        if asked.role not in MAY_BE_PLACED or spot.scope == "chain" or not fits:
            raise Fault(FaultCode.USER_PLACE_WRONG, role=asked.role)
        return spot.place


def _check_may(who: HqIdentity) -> None:
    if not may(who.role, Right.USERS_CHANGE):
        raise Fault(FaultCode.API_SCOPE_MISSING, scope=Right.USERS_CHANGE.value)


def _found(unit: Unit, user_id: UUID) -> HqUser:
    mine = (one for one in unit.hq.users() if one.user_id == user_id and not one.left_ms)
    found = next(mine, None)
    if found is None:
        raise Fault(FaultCode.API_NOT_FOUND, what="user")
    return found


def _keep_an_admin(unit: Unit, after: HqUser) -> None:
    """Refuse what would leave nobody who can let people in."""
    rest = (one for one in unit.hq.users() if one.user_id != after.user_id)
    stays = after.role == "admin" and not after.left_ms
    if not stays and not any(one.role == "admin" and not one.left_ms for one in rest):
        raise Fault(FaultCode.USER_LAST_ADMIN)


def _said(user: HqUser) -> dict[str, object]:
    place = "" if user.place is None else str(user.place)
    return {"name": user.name, "role": user.role, "place": place}


def _audit(
    unit: Unit,
    who: HqIdentity,
    action: str,
    user: HqUser,
    now_ms: int,
    said: Mapping[str, object],
) -> None:
    unit.hq.audit(AuditEntry(who.login, action, user.login, said), now_ms)
