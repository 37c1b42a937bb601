"""The composition of alerts: who watches, who sends, and the desk."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.adapters.alert_mail import MailAlerts, MailServer
from cloud_broker.adapters.webhook import WebhookAlerts
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.ports.alerts import AlertSender, RuleKind
from cloud_broker.services.fleet.alert_desk import AlertDesk
from cloud_broker.services.fleet.alert_posting import AlertPosting
from cloud_broker.services.fleet.alert_watch import AlertWatch
from cloud_broker.services.fleet.filing_watch import FilingWatch
from retail_core.tally import FaultTally


def alert_desk(office: Office) -> AlertDesk:
    """Put the desk together."""
    return AlertDesk(office.units, office.clock, office.ids, _posting(office))


def alert_workers(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> tuple[BesideWorker, BesideWorker]:
    """Put together who watches and who sends, a thread each: a slow receiver delays no look."""
    lines = tuple(broker.shards for broker in office.settings.all_brokers)
    filing = FilingWatch(office.faces.lines)
    watch = AlertWatch(office.units, office.clock, office.ids, lines, filing)

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return (
        BesideWorker("alert-watch", watch.run, tenants, tally),
        BesideWorker("alert-posting", _posting(office).run, tenants, tally),
    )


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
