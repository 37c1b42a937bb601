"""Which wallets are to be placed anew, in memory."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from cloud_broker.ports.placements import Visits
from tests.fakes.cloud_state import State


class FakePlacementRepo:
    """`PlacementRepo` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def queue(self, wallets: Collection[UUID], now_ms: int) -> None:
        for wallet in sorted(wallets):
            self._state.placement_due.setdefault(wallet, now_ms)

    def take(self, limit: int) -> tuple[UUID, ...]:
        due = self._state.placement_due
        taken = sorted(due, key=lambda wallet: (due[wallet], wallet))[:limit]
        for wallet in taken:
            del due[wallet]
        return tuple(sorted(taken))

    def visits(self, wallets: Collection[UUID], since: date) -> Visits:
        found: dict[UUID, set[tuple[UUID, date]]] = {}
        for sale in self._state.sales.values():
            member = self._state.members.get(sale.arrival.member or UUID(int=0))
            if member is not None and member.wallet in wallets and sale.day >= since:
                visit = sale.arrival.place.store, sale.day
                found.setdefault(member.wallet, set()).add(visit)
        return {wallet: tuple(sorted(days)) for wallet, days in found.items()}
