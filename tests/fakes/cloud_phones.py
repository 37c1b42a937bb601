"""Members' phones in memory."""

from uuid import UUID

from cloud_broker.ports.phones import PhoneKeyHeld
from tests.fakes.cloud_state import State


class FakePhoneRepo:
    """A `PhoneRepo`; a revoked key is forgotten, but its id stays taken."""

    def __init__(self, state: State) -> None:
        self._state = state

    def key(self, key_id: bytes) -> PhoneKeyHeld | None:
        held = self._state.phone_keys.get(key_id)
        return None if held is None else PhoneKeyHeld(*held)

    def revoke_keys(self, member: UUID, now_ms: int) -> int:
        theirs = [key for key, (owner, _) in self._state.phone_keys.items() if owner == member]
        for key in theirs:
            del self._state.phone_keys[key]
            self._state.revoked_keys.add(key)
        return len(theirs)
