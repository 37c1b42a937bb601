"""Releases on the box, wired: where they come from and lie, what is asked before a switch."""

import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.adapters.est_http import EstDesk
from edge_agent.adapters.identity_file import IdentityFile
from edge_agent.adapters.releases_late import LateReleases
from edge_agent.adapters.slot_folder import SlotFolder
from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.fixups import restart_program
from edge_agent.bootstrap.network import network_of
from edge_agent.bootstrap.services import Services
from edge_agent.domain.basket import BasketState
from edge_agent.ports.clock import Clock
from edge_agent.ports.updates import ReleaseSource
from edge_agent.services.box.health_watch import HealthWatch
from edge_agent.services.box.update_parts import Surroundings, UpdateStatus
from edge_agent.services.box.updates import UpdateKeeper
from edge_agent.services.box.work_watch import WorkWatch
from edge_agent.settings import Settings
from edge_agent.starter import SLOT, SLOT_DIR, STARTER
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from edge_agent.adapters.release_root import PinnedRoot

TURN_S = 1.0


class UpdateLoop(Loop):
    """The thread that fetches and switches; a part on its way is not waited for."""

    def __init__(self, keeper: UpdateKeeper, tally: FaultTally) -> None:
        super().__init__("updates", keeper.turn, tally, rest_s=TURN_S)
        self._keeper = keeper

    def ask_to_stop(self) -> None:
        """End after the present block."""
        super().ask_to_stop()
        self._keeper.stop()


def build_updates(
    basis: Basis, storage: Storage, services: Services, health: HealthWatch, work: WorkWatch
) -> UpdateKeeper | None:
    """Put it together; None where no root of trust can be had or no starter started us."""
    if not has_root(basis.settings) or STARTER not in os.environ:
        return None
    shelf = SlotFolder(basis.settings.config.data_dir)
    index = shelf.root / "index"
    source = LateReleases(partial(open_releases, basis.settings, basis.clock, index))
    baskets, tally = services.counter.baskets, basis.tally
    around = Surroundings(
        breaks=lambda: tally.snapshot().get(FaultCode.API_INTERNAL.value, 0),
        ready=lambda: work.ready,
        issues=health.issues,
        baskets=lambda: [
            one for lane in services.lanes for one in baskets.of_lane(lane, BasketState.OPEN)
        ],
        restart=restart_program,
        zone=basis.shop.zone,
        platform=this_platform(),
        runs=slot(),
        factory=os.environ[STARTER],
        tills={till.id: till.name for till in basis.settings.device.tills},
    )
    keeper = UpdateKeeper(shelf, source, storage.documents, basis.clock, around)
    services.recorder.listen(keeper.booked)
    return keeper


def has_root(settings: Settings) -> bool:
    """Tell whether a root of trust can be had."""
    named, enrolled = settings.config.updates.root_file, settings.device.cloud.identity_file
    return named is not None or enrolled is not None


def open_releases(settings: Settings, clock: Clock, index: Path) -> ReleaseSource:
    """Return the releases of the cloud, seen as the root of trust allows; a box with a root."""
    # Imported here: python-tuf is in memory once a release is looked at, not before.
    from edge_agent.adapters.releases_tuf import (  # noqa: PLC0415 - see above
        HttpFetcher,
        TufReleases,
    )

    root, account = root_of(settings), settings.device.cloud
    if root is None:
        raise Fault(FaultCode.RELEASE_NO_ROOT, path=str(index))
    token = account.token.get_secret_value()
    fetcher = HttpFetcher(account.url, token, network_of(settings).outgoing)
    return TufReleases(index, root, account.url, fetcher, clock)


def root_of(settings: Settings) -> "PinnedRoot | None":
    """Return the root of a file that the config names, or of the box's own enrolment."""
    from edge_agent.adapters.release_root import (  # noqa: PLC0415 - as above
        ROOT_FILE,
        PinnedRoot,
    )

    named, cloud = settings.config.updates.root_file, settings.device.cloud
    if named is not None:
        return PinnedRoot(named)
    if cloud.identity_file is None:
        return None
    store = IdentityFile(cloud.identity_file)
    desk = EstDesk(cloud.url, network_of(settings).outgoing, store.drawn)
    return PinnedRoot(settings.config.device_file.parent / ROOT_FILE, desk.sheet)


def update_loops(basis: Basis) -> tuple[Loop, ...]:
    """Return the thread of a box that takes releases."""
    return () if basis.updates is None else (UpdateLoop(basis.updates, basis.tally),)


def status_of(basis: Basis) -> Callable[[], UpdateStatus | None]:
    """Return what says how this box stands; None for one that takes no releases."""
    return (lambda: None) if basis.updates is None else basis.updates.status


def slot() -> str:
    """Return the slot this program was started from; empty for what the installer put there."""
    return os.environ.get(SLOT, "")


def of_slot(settings: Settings) -> Settings:
    """Return the settings with the models and profiles that this program's release brought."""
    place = os.environ.get(SLOT_DIR)
    if not place:
        return settings
    brought = {"models_dir": Path(place) / "models", "profiles_dir": Path(place) / "device_configs"}
    there = {name: folder for name, folder in brought.items() if folder.is_dir()}
    return settings.model_copy(update={"config": settings.config.model_copy(update=there)})


def this_platform() -> str:
    """Return which programs run here, as releases name it."""
    major, minor = sys.version_info[:2]
    return f"{sys.platform}-{platform.machine()}-cp{major}{minor}"
