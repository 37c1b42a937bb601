"""The two lines to the cloud and what moves over them."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.adapters.person_line_http import HttpPersonLine
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.face_models import model_intake
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.person_line import PersonLine
from edge_agent.services.cloud_session import CloudSession
from edge_agent.services.downlink import Downlink
from edge_agent.services.face_leave import FaceLeave
from edge_agent.services.lease_desk import LeaseDesk
from edge_agent.services.model_intake import ModelIntake
from edge_agent.services.pending_points import PendingPoints
from edge_agent.services.pending_uses import PendingUses
from edge_agent.services.presence import PresenceBeat, Running, Vitals
from edge_agent.services.shelf import Shelf
from edge_agent.services.uplink import Uplink
from retail_core.sync.retention import prune_before_wall_ms
from retail_core.texts.faults import FaultCode


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

    def stop(self) -> None:
        """End what fetches beside the session; safe to call twice."""
        if self.models is not None:
            self.models.stop()

    def noted(self) -> tuple[FaultCode, ...]:
        """Return what is to be said of what the cloud sent."""
        return () if self.models is None else self.models.noted()


def open_lines(
    basis: Basis,
    storage: Storage,
    directory: CloudDirectory | None,
    persons: PersonLine | None = None,
) -> Lines:
    """Prepare both lines; `directory` and `persons` replace what asks over HTTP."""
    cloud = basis.settings.device.cloud
    identity = LinkIdentity(
        basis.shop.tenant,
        basis.shop.store,
        basis.shop.device,
        cloud.broker_password.get_secret_value(),
    )
    link = MqttLink(
        cloud.broker_host, cloud.broker_port, identity, basis.run_id, basis.ids, basis.tally
    )
    directory = directory or HttpDirectory(cloud.url, cloud.token.get_secret_value())
    pending = PendingPoints(storage.journal)
    uses = PendingUses(storage.journal, link.connected)
    uplink = Uplink(
        storage.journal,
        link,
        basis.shop,
        basis.tally,
        on_acked=[pending.acked, uses.acked],
        prune_before_ms=lambda: prune_before_wall_ms(basis.clock.now()),
    )
    leave = FaceLeave(
        storage.gallery.vault,
        directory,
        cloud.bundle_public_key,
        basis.shop.tenant,
        basis.shop.store,
    )
    models = model_intake(basis, directory)
    downlink = Downlink(
        storage.replica,
        directory,
        basis.clock,
        basis.tally,
        bundle_public_key=cloud.bundle_public_key,
        listeners=[
            lambda applied: pending.reflected([applied.member_id]),
            lambda applied: uses.reflected([applied.member_id]),
        ],
        face_leave=leave.refresh,
        models=None if models is None else models.told,
        shelf=Shelf(storage.replica, directory, basis.shop, basis.clock),
    )
    persons = persons or HttpPersonLine(cloud.url, cloud.token.get_secret_value())
    return Lines(link, directory, uplink, downlink, pending, uses, leave, models, persons)


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
    )
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
