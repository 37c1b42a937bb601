"""The composition of alerts: who watches, who sends, and the desk."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from cloud_broker.adapters.alert_mail import MailAlerts, MailServer
from cloud_broker.adapters.certificate_ends import BrokerFace, CertificateSight
from cloud_broker.adapters.mosquitto_secure import REVOKED
from cloud_broker.adapters.webhook import WebhookAlerts
from cloud_broker.bootstrap.boxes import cage_of
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker, PostWorker
from cloud_broker.ports.alerts import AlertSender, RuleKind
from cloud_broker.services.fleet.alert_desk import AlertDesk
from cloud_broker.services.fleet.alert_posting import AlertPosting
from cloud_broker.services.fleet.alert_watch import AlertWatch, Watches
from cloud_broker.services.fleet.certificate_watch import CertificateWatch
from cloud_broker.services.fleet.filing_watch import FilingWatch
from cloud_broker.settings import Settings
from retail_core.tally import FaultTally


def alert_desk(office: Office) -> AlertDesk:
    """Put the desk together."""
    return AlertDesk(office.units, office.clock, office.ids, _posting(office))


def alert_workers(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> tuple[BesideWorker, BesideWorker]:
    """Put together who watches and who sends, a thread each: a slow receiver delays no look."""
    lines = tuple(broker.shards for broker in office.settings.all_brokers)
    sight = certificates_of(office.settings)
    tried = tuple if office.settings.ca_dir is None else cage_of(office.settings).tried
    certificates = CertificateWatch(sight.ends, tried)
    watches = Watches(FilingWatch(office.faces.lines), certificates)
    watch = AlertWatch(office.units, office.clock, office.ids, lines, watches)

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return (
        BesideWorker("alert-watch", watch.run, tenants, tally),
        PostWorker("alert-posting", _posting(office), tenants, tally),
    )


def certificates_of(settings: Settings) -> CertificateSight:
    """Return whose certificates are looked at: brokers, the door, our authority and its notes."""
    many, faces, lists = bool(settings.brokers), list[BrokerFace](), list[Path]()
    for number, one in enumerate(settings.all_brokers, start=1):
        if one.tls_port is not None:
            place = settings.broker_dir
            folder = place / str(number) if many and place is not None else place
            file = None if folder is None else folder / "server.pem"
            faces.append(BrokerFace(one.host, one.tls_port, file))
            lists += [] if folder is None else [folder / REVOKED]
    own = None if settings.ca_dir is None else settings.ca_dir / "door.pem"
    door = settings.door_certificate or (own if settings.door_port is not None else None)
    files = [one for one in (door, settings.websocket_certificate) if one is not None]
    return CertificateSight(faces, files, settings.ca_dir, lists)


def _posting(office: Office) -> AlertPosting:
    settings = office.settings
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_from,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
    )
    senders: dict[RuleKind, AlertSender] = {
        "webhook": WebhookAlerts(office.clock, settings.webhook_networks),
        "email": MailAlerts(server),
    }
    return AlertPosting(office.units, office.clock, office.ids, office.keys, senders)
