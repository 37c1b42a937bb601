"""How long what HQ says takes to every store: prices, rules, withdrawals; and who is missing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.effects import Said, Withdrawal
from cloud_broker.ports.unit import Units

KINDS = ("catalogue", "bundle")
WITHDRAWALS = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing said: in how many stores it holds, how soon there (ms), and where not yet."""

    what: str
    subject: str
    said_ms: int
    stores: int
    arrived: int
    p50_ms: int | None
    last_ms: int | None
    missing: tuple[str, ...]


class Effects:
    """Reads what boxes acknowledged."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def view(self, tenant: UUID) -> tuple[Effect, ...]:
        """Return the newest catalogue and rules, and the last withdrawals."""
        with self._units.begin(tenant) as unit:
            names = unit.fleet.store_names()
            boxes = unit.fleet.devices_of(names.keys())
            stores = {place.device: place.store for some in boxes.values() for place in some}
            said = [one for kind in KINDS if (one := unit.effects.newest(kind)) is not None]
            withdrawn = unit.effects.withdrawals(WITHDRAWALS)
        return (
            *(_document(one, stores, names) for one in said),
            *(_withdrawal(one, names) for one in withdrawn),
        )


def _document(said: Said, stores: dict[UUID, UUID], names: dict[UUID, str]) -> Effect:
    """Return how a document spread: a store has it when every box of it does."""
    took: dict[UUID, int] = {}
    missing: set[UUID] = set()
    for device, store in stores.items():
        seen_ms = said.seen_ms.get(device)
        if seen_ms is None:
            missing.add(store)
        else:
            took[store] = max(took.get(store, 0), seen_ms - said.said_ms)
    arrived = [ms for store, ms in took.items() if store not in missing]
    subject, everybody = f"v{said.version}", len(set(stores.values()))
    return _effect(said.kind, (subject, said.said_ms), everybody, arrived, _named(missing, names))


def _withdrawal(one: Withdrawal, names: dict[UUID, str]) -> Effect:
    took = [ms - one.said_ms for ms in one.erased_ms.values()]
    missing = _named(one.waiting - one.erased_ms.keys(), names)
    subject = str(one.member)
    return _effect("withdrawal", (subject, one.said_ms), len(took) + len(missing), took, missing)


def _effect(
    what: str, said: tuple[str, int], stores: int, took: Collection[int], missing: tuple[str, ...]
) -> Effect:
    order = sorted(max(0, ms) for ms in took)
    middle = order[(len(order) - 1) // 2] if order else None
    last = order[-1] if order else None
    return Effect(what, said[0], said[1], stores, len(order), middle, last, missing)


def _named(stores: Iterable[UUID], names: dict[UUID, str]) -> tuple[str, ...]:
    return tuple(sorted(names.get(store, str(store)) for store in stores))
