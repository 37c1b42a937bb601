"""Words of who belongs to whom a sign-in service knows, in memory."""

from typing import TYPE_CHECKING

from cloud_broker.ports.hq import HqUser
from cloud_broker.ports.links import Link, LinkKind

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


class FakeLinkRepo:
    """A `LinkRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state

    def add(self, link: Link, who: str, now_ms: int) -> bool:
        key = link.issuer, link.kind, link.value
        return self._state.links.setdefault(key, link) is link

    def end(self, issuer: str, kind: LinkKind, value: str) -> bool:
        return self._state.links.pop((issuer, kind, value), None) is not None

    def links(self) -> tuple[Link, ...]:
        return tuple(self._state.links[key] for key in sorted(self._state.links))

    def user(self, issuer: str, kind: LinkKind, value: str) -> HqUser | None:
        link = self._state.links.get((issuer, kind, value))
        if link is None:
            return None
        found = next(one for one in self._state.users.values() if one.user_id == link.user_id)
        if found.left_ms:
            return None
        return HqUser(found.user_id, found.login, found.name, found.role, "", place=found.place)
