"""A real mosquitto whose certificate nears its end: told to HQ, and over after it was renewed."""

from cloud_broker.adapters.ca_files import write_private
from cloud_broker.adapters.certificate_ends import BrokerFace, CertificateSight, shown
from cloud_broker.domain.server_ends import DAY_MS
from cloud_broker.services.fleet.alert_desk import AlertDesk, RuleAsked
from cloud_broker.services.fleet.alert_posting import AlertPosting
from cloud_broker.services.fleet.alert_watch import AlertWatch, Watches
from cloud_broker.services.fleet.certificate_watch import LOOK_EVERY_MS, CertificateWatch
from tests.factories.ports import free_port
from tests.fakes.cloud_alerts import FakeAlertSender
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.plugins.cloud import new_tenant
from tests.plugins.secure_cloud import CLOUD_MS, HOST, SecureCloud

MINUTE_MS = 60_000


def test_a_broker_s_certificate_is_told_of_until_it_is_renewed_and_read(
    secure_cloud: SecureCloud,
) -> None:
    cloud, clock, ear = secure_cloud, FakeCloudClock(CLOUD_MS), FakeAlertSender()
    sight = CertificateSight(
        [BrokerFace(HOST, cloud.tls_port, cloud.folder / "server.pem")], (), None
    )
    tenant, ids = new_tenant(cloud.units), FakeCloudIdSource(clock)
    posting = AlertPosting(cloud.units, clock, ids, FakeKeyRing(), {"webhook": ear, "email": ear})
    desk = AlertDesk(cloud.units, clock, ids, posting)
    desk.add(tenant, RuleAsked("值班", "webhook", "https://example.org/hook"), "ada")
    watches = Watches(certificates=CertificateWatch(sight.ends))
    watch = AlertWatch(cloud.units, clock, ids, (), watches)

    def later(ms: int) -> None:
        clock.advance(ms)
        for _ in range(8):
            clock.advance(MINUTE_MS)
            watch.run(tenant)
            while posting.run(tenant):
                pass

    later(300 * DAY_MS)
    assert ear.heard == []
    later(70 * DAY_MS)
    assert ear.heard == [("alert.raised", "F123")]
    later(25 * DAY_MS)
    assert ear.heard[1:] == [("alert.raised", "F124"), ("alert.cleared", "F123")]
    (row,) = [one for one in desk.alerts(tenant) if one.cleared_ms is None]
    assert row.trouble.fields["what"] == f"mosquitto {HOST}:{cloud.tls_port}"

    # A new file alone changes nothing: the broker shows the old one until it is started again.
    chain, key = cloud.authority.server((HOST,), clock.now_ms())
    write_private(cloud.folder / "server.pem", chain, 0o644)
    write_private(cloud.folder / "server.key", key, 0o644)
    later(LOOK_EVERY_MS)
    assert len(ear.heard) == 3
    cloud.stop()
    cloud.start()
    later(LOOK_EVERY_MS)
    assert ear.heard[3:] == [("alert.cleared", "F124")]


def test_a_broker_that_is_away_is_judged_by_its_file(secure_cloud: SecureCloud) -> None:
    here = shown(HOST, secure_cloud.tls_port)
    assert here is not None
    nowhere = free_port()
    assert shown(HOST, nowhere) is None
    file = secure_cloud.folder / "server.pem"
    (found,) = CertificateSight([BrokerFace(HOST, nowhere, file)], (), None).ends()
    assert found.until == f"{here.not_valid_after_utc:%Y-%m-%d}"
    assert CertificateSight([BrokerFace(HOST, nowhere, None)], (), None).ends() == []
