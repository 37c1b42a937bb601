"""What a technician sees of the devices, and does with them."""

from collections.abc import Mapping

from edge_agent.api.models.identify import ReasonView
from edge_agent.api.models.tech_devices import (
    ClaimView,
    DevicesAnswered,
    DeviceView,
    HeardAnswered,
)
from edge_agent.api.views import fault_reason
from edge_agent.domain.devices import ADDRESS, Seen
from edge_agent.ports.clock import Clock
from edge_agent.services.box.device_broker import DeviceBroker, Row, Wish
from retail_core.errors import Fault


class DeviceDesk:
    """Views over the broker; `users` says which till or lane asks for a claim."""

    def __init__(self, broker: DeviceBroker, users: Mapping[str, str], clock: Clock) -> None:
        self._broker = broker
        self._users = users
        self._clock = clock

    def view(self) -> DevicesAnswered:
        """Show every claim, every other device, and names the configuration asks for in vain."""
        rows = self._broker.rows()
        known = {row.claim.name for row in rows}
        unclaimed = {one.path for one in self._broker.unclaimed()}
        return DevicesAnswered(
            claims=tuple(map(self._claim, rows)),
            devices=tuple(
                _device(one, is_unknown=one.path in unclaimed) for one in self._broker.others()
            ),
            wanted={name: who for name, who in self._users.items() if name not in known},
        )

    def claim(self, wish: Wish, by: str) -> ClaimView:
        """Keep a claim."""
        return self._claim(self._broker.claim(wish, by))

    def release(self, name: str) -> DevicesAnswered:
        """Forget a claim."""
        self._broker.release(name)
        return self.view()

    def identify(self, device: str, *, ask: bool, listen_ms: int) -> HeardAnswered:
        """Listen, and ask where that is allowed."""
        voice = self._broker.identify(device, ask=ask, listen_ms=listen_ms)
        return HeardAnswered(device=device, voice=voice.value if voice else None)

    def _claim(self, row: Row) -> ClaimView:
        name, found = row.claim.name, row.match.seen
        now_ms = self._clock.now().mono_ms
        return ClaimView(
            name=name,
            standing=row.match.standing.value,
            presence=row.presence.state.value,
            presence_s=max(0, now_ms - row.presence.since_ms) // 1000,
            how=row.match.how.value if row.match.how else None,
            device=None if found is None else _device(found, is_unknown=False),
            rivals=row.match.rivals,
            voice=row.claim.voice.value if row.claim.voice else None,
            by_socket=row.claim.by_socket,
            may_probe=row.claim.may_probe,
            claimed_ms=row.claim.claimed_ms,
            claimed_by=row.claim.claimed_by,
            used_by=self._users.get(name),
            failures=row.rest.failures,
            trouble=self._trouble(name),
        )

    def _trouble(self, name: str) -> ReasonView | None:
        try:
            self._broker.resolve(ADDRESS + name)
        except Fault as fault:
            return fault_reason(fault)
        return None


def _device(seen: Seen, *, is_unknown: bool) -> DeviceView:
    identity = seen.identity
    return DeviceView(
        path=seen.path,
        by_id=seen.by_id,
        kind=identity.kind.value,
        title=seen.title,
        model=f"{identity.vendor}:{identity.product}" if identity.vendor else "",
        serial=identity.serial,
        socket=identity.socket,
        unknown=is_unknown,
    )
