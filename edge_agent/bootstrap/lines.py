"""The two lines to the cloud and what moves over them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.cloud_desk_http import HttpCloudDesk
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.known_time_file import keep_known_time
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.adapters.outgoing import Outgoing
from edge_agent.adapters.person_line_http import HttpPersonLine
from edge_agent.adapters.time_http import time_asker
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.face_models import model_intake
from edge_agent.bootstrap.network import Network, network_of
from edge_agent.ports.cloud_desk import CloudDesk
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.fleet_line import ArchiveLine
from edge_agent.ports.person_line import PersonLine
from edge_agent.services.counter.pending_points import PendingPoints
from edge_agent.services.counter.pending_uses import PendingUses
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.line.feed_reader import AppliedListener
from edge_agent.services.line.presence import PresenceBeat, Running, Vitals
from edge_agent.services.line.time_keeper import TimeKeeper
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.recognition.face_leave import FaceLeave
from edge_agent.services.recognition.model_intake import ModelIntake
from edge_agent.services.rights.lease_desk import LeaseDesk
from edge_agent.services.shop.shelf import Shelf
from edge_agent.services.shop.shop_keeper import ShopKeeper
from retail_core.errors import Fault
from retail_core.limits import HEARTBEAT_METERED_MS, HEARTBEAT_MS
from retail_core.sync.retention import prune_before_wall_ms


@dataclass(frozen=True, slots=True)
class Lines:
    """Frames over MQTT, questions over HTTP; nothing is connected before the session starts."""

    link: MqttLink
    directory: CloudDirectory
    uplink: Uplink
    downlink: Downlink
    pending: PendingPoints
    uses: PendingUses
    leave: FaceLeave
    models: ModelIntake | None
    persons: PersonLine
    desk: CloudDesk
    archives: ArchiveLine
    in_force: list[Callable[[], object]]
    keeper: TimeKeeper | None = None

    def stop(self) -> None:
        """End what fetches beside the session; safe to call twice."""
        if self.models is not None:
            self.models.stop()

    def noted(self) -> tuple[Fault, ...]:
        """Return what is to be said of what the cloud sent."""
        models = () if self.models is None else self.models.noted()
        return (*self.downlink.noted(), *models)


def open_lines(
    basis: Basis,
    storage: Storage,
    directory: CloudDirectory | None,
    persons: PersonLine | None = None,
) -> Lines:
    """Prepare both lines; `directory` and `persons` replace what asks over HTTP."""
    cloud, shop, network = basis.settings.device.cloud, basis.shop, network_of(basis.settings)
    link = _link(basis, network)
    token = cloud.token.get_secret_value()
    directory = directory or HttpDirectory(cloud.url, token, outgoing=network.outgoing)
    pending = PendingPoints(storage.journal)
    uses = PendingUses(storage.journal, link.connected, storage.replica.uses_back)
    uplink = Uplink(
        storage.journal,
        link,
        basis.shop,
        basis.tally,
        on_acked=[pending.acked, uses.acked],
        prune_before_ms=lambda: prune_before_wall_ms(basis.clock.now()),
        boot=basis.clock.now().boot_id,
    )
    leave = FaceLeave(
        storage.gallery.vault, directory, cloud.bundle_public_key, shop.tenant, shop.store
    )
    models = model_intake(basis, directory)
    in_force: list[Callable[[], object]] = []
    downlink = Downlink(
        storage.replica,
        directory,
        basis.clock,
        basis.tally,
        bundle_public_key=cloud.bundle_public_key,
        listeners=_reflecting(pending, uses),
        on_published=partial(_tell, in_force),
        face_leave=leave.refresh,
        models=None if models is None else models.told,
        shelf=Shelf(
            storage.replica,
            directory,
            basis.shop,
            basis.clock,
            ShopKeeper(basis.shop, storage.documents),
        ),
    )
    downlink.after_swap(pending.all_reflected)
    downlink.after_swap(uses.all_reflected)
    persons = persons or HttpPersonLine(cloud.url, token, network.outgoing)
    desk = HttpCloudDesk(cloud.url, token, network.outgoing)
    keeper = _keeper(basis, network.outgoing)
    return Lines(
        *(link, directory, uplink, downlink, pending, uses, leave, models, persons, desk, desk),
        in_force,
        keeper,
    )


def _link(basis: Basis, network: Network) -> MqttLink:
    """Prepare the line over MQTT."""
    cloud, shop = basis.settings.device.cloud, basis.shop
    password = cloud.broker_password.get_secret_value()
    identity = LinkIdentity(shop.tenant, shop.store, shop.device, password)
    return MqttLink(
        *(cloud.broker_host, cloud.broker_port, identity, basis.run_id, basis.ids, basis.tally),
        network.route,
    )


def _keeper(basis: Basis, outgoing: Outgoing) -> TimeKeeper | None:
    """Return who looks after the clock; a test's own clock needs nobody."""
    if not isinstance(basis.clock, SystemClock):
        return None
    cloud = basis.settings.device.cloud
    folder = basis.settings.config.data_dir
    return TimeKeeper(
        basis.clock,
        basis.ids,
        basis.tally,
        time_asker(cloud.url, cloud.token.get_secret_value(), outgoing),
        basis.shop.device.bytes,
        cloud.bundle_public_key,
        lambda wall_ms: keep_known_time(folder, wall_ms),
    )


def build_cloud_session(
    basis: Basis,
    storage: Storage,
    lines: Lines,
    vitals: Callable[[], Vitals],
    on_call: Callable[[bytes], None],
    leases: LeaseDesk,
) -> CloudSession:
    """Tie the line to what uses it."""
    presence = PresenceBeat(
        lines.link,
        storage.journal,
        storage.replica,
        basis.clock,
        basis.tally,
        Running(basis.run_id, basis.version),
        vitals,
        HEARTBEAT_METERED_MS if basis.settings.config.network.metered else HEARTBEAT_MS,
    )
    lines.in_force.append(presence.beat)  # HQ sees at once what is in force here
    return CloudSession(
        lines.link,
        storage.journal,
        storage.replica,
        lines.uplink,
        lines.downlink,
        presence,
        basis.tally,
        software=basis.version,
        on_call=on_call,
        leases=leases,
    )


def _reflecting(pending: PendingPoints, uses: PendingUses) -> list[AppliedListener]:
    """Return what is no longer pending once a member's newer record is held."""
    return [
        lambda applied: pending.reflected([applied.member_id]),
        lambda applied: uses.reflected([applied.member_id]),
    ]


def _tell(listeners: list[Callable[[], object]], _kind: str, _version: int) -> None:
    """Let whoever wants to know hear that something published is in force."""
    for tell in listeners:
        tell()
