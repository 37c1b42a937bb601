"""What the box says of itself: on its own screen, to a technician, and to HQ's wall."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from edge_agent.api.models.health import FaceHealth, HealthAnswered, LaneView
from edge_agent.api.views import fault_reason
from edge_agent.domain.lanes import LaneTills
from edge_agent.domain.shop import Shop
from edge_agent.domain.walk_up import WalkUpState
from edge_agent.ports.clock import Clock
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.line.presence import Vitals
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.health import REASON_OF_DEVICE, Facts, Health, HealthState, can_sell
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals, IssueTold

OK = "ok"
OFF = "off"
WALK_UP = "walk_up"
_WORST_FIRST = ("gone", "stalled", "starting", OK)


class WatchedJournal(Journal, Protocol):
    """A journal that can say why it stopped writing."""

    @property
    def fault(self) -> Fault | None:
        """The damage that stopped it."""
        ...


class Body(Protocol):
    """What the watch over the box has seen."""

    @property
    def vitals(self) -> BoxVitals:
        """Return the figures of the last look."""
        ...

    def issues(self) -> tuple[IssueTold, ...]:
        """Return what stands."""
        ...


class Wellbeing:
    """Collects the facts when asked; `devices` maps a name to the states behind it."""

    def __init__(  # noqa: PLR0913 - one fact each
        self,
        shop: Shop,
        version: str,
        clock: Clock,
        journal: WatchedJournal,
        replica: Replica,
        tally: FaultTally,
        devices: Mapping[str, Callable[[], str]],
        lanes: Sequence[LaneTills],
        faces: Callable[[], FaceHealth | None] = lambda: None,
        noted: Callable[[], tuple[Fault, ...]] = lambda: (),
        training: Callable[[], tuple[str, ...]] = lambda: (),
        walk_up: Callable[[str], WalkUpState] = lambda _lane: "off",
    ) -> None:
        self.shop = shop
        self._version = version
        self._clock = clock
        self._journal = journal
        self._replica = replica
        self._tally = tally
        self._devices = devices
        self._lanes = tuple((lane.id, lane.name) for lane in lanes)
        self._walk_up = walk_up
        self._faces = faces
        self._noted = noted
        self._training = training
        self._cloud_seen_ms: int | None = None
        self.body: Body | None = None

    def vitals(self) -> Vitals:
        """Return what the heartbeat carries."""
        devices = self.states()
        health = self._judge(devices)
        body = self.body
        return Vitals(
            health.state.value,
            health.state != HealthState.CANNOT,
            devices,
            body=None if body is None else body.vitals,
            issues=self._told(health, () if body is None else body.issues()),
        )

    def _told(self, health: Health, standing: tuple[IssueTold, ...]) -> tuple[IssueTold, ...]:
        """Return what HQ hears is wrong: also reasons that no device's state and no check says.

        Without it a shop would be degraded at HQ and nobody there could say why.
        """
        said = {one.code for one in standing} | {code.value for code in REASON_OF_DEVICE.values()}
        since_ms = self._clock.now().wall_ms
        more = tuple(
            IssueTold(
                reason.code.value,
                "",
                since_ms,
                {name: str(value) for name, value in _few(reason.fields)},
            )
            for reason in health.reasons
            if reason.code.value not in said
        )
        return (*more, *standing)[: limits.HEALTH_ISSUES_MAX]

    def view(self) -> HealthAnswered:
        """Return what the till screen and a technician see; no member's data."""
        devices = self.states()
        health = self._judge(devices)
        bundle = self._replica.bundle()
        return HealthAnswered(
            state=health.state.value,
            can_sell=health.state != HealthState.CANNOT,
            reasons=tuple(map(fault_reason, health.reasons)),
            store=self.shop.store,
            store_name=self.shop.store_name,
            devices=devices,
            cloud_seen_ms=self._cloud_seen_ms,
            outbox_depth=self._journal.depth(),
            feed_pos=self._feed_pos(),
            members=self._replica.member_count(),
            faults=self._tally.snapshot(),
            faces=self._faces(),
            versions={
                "software": self._version,
                "catalogue": str(self._replica.catalogue_version()),
                "bundle": str(bundle[0] if bundle else 0),
            },
            lanes=tuple(
                LaneView(id=lane, name=name, walk_up=self._walk_up(lane))
                for lane, name in self._lanes
            ),
            training=self._training(),
        )

    def _feed_pos(self) -> int:
        try:
            return self._replica.feed_position()[1]
        except Fault as fault:  # a replica that cannot be read is said by its own reason
            self._tally.count(fault.code)
            return 0

    def states(self) -> dict[str, str]:
        """Ask every device, and note when the cloud was there."""
        states = {name: ask() for name, ask in self._devices.items()} | self._zones()
        if states.get("cloud") == OK:
            self._cloud_seen_ms = self._clock.now().wall_ms
        return states

    def _zones(self) -> dict[str, str]:
        """Return how the lanes look at who walks up; nothing where HQ has not let them."""
        found = {lane: self._walk_up(lane) for lane, _ in self._lanes}
        one = len(found) == 1
        return {
            WALK_UP if one else f"{WALK_UP}@{lane}": state
            for lane, state in found.items()
            if state != OFF
        }

    def _judge(self, devices: Mapping[str, str]) -> Health:
        return can_sell(
            Facts(
                journal_fault=self._journal.fault or self._trial_fault(),
                has_catalogue=self._replica.catalogue_version() > 0,
                has_bundle=self._replica.bundle() is not None,
                clock=self._clock.now().quality,
                devices=devices,
                noted=self._noted(),
            )
        )

    def _trial_fault(self) -> Fault | None:
        """Return what the last trial sale met where it could not be written down."""
        failed = self.body is not None and self.body.vitals.booked == 0
        return Fault(FaultCode.HEALTH_CANNOT_BOOK) if failed else None


def _few(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    return sorted(fields.items())[: limits.HEALTH_FIELDS_MAX]


def worst(states: list[str]) -> str:
    """Return the state that stands for several devices of a kind; `off` for none."""
    known = [state for state in _WORST_FIRST if state in states]
    return known[0] if known else OFF
