"""Partners hear of what is booked: real triggers of PostgreSQL, a real HTTP receiver."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import ip_network
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.adapters.webhook import THIS_MACHINE, Webhook, is_open
from cloud_broker.domain.alert_plan import AlertPlan, Trouble
from cloud_broker.domain.hooks import HookKind
from cloud_broker.ports.hooks import Hook
from cloud_broker.ports.posts import Post
from cloud_broker.ports.sight import Sight, as_the_program, look_as
from cloud_broker.ports.stock import Count
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.faces.faces import FaceOffice
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.outward.hook_desk import HookDesk
from cloud_broker.services.outward.hook_posting import HookPosting
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.receiver import Receiver, receiving
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.cloud import new_box, new_tenant

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@dataclass
class Chain:
    """A chain with a shop, and a partner who hears of everything."""

    units: PostgresUnits
    receiver: Receiver
    kinds: tuple[HookKind, ...] = tuple(HookKind)
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)

    def __post_init__(self) -> None:
        self.tenant = new_tenant(self.units)
        self.box = new_box(self.units, self.tenant)
        self.ids = FakeCloudIdSource(self.clock)
        # Ids that no other chain on the same database drew.
        self.ids._count = int.from_bytes(self.tenant.bytes[-6:], "big")
        sender = Webhook(self.clock, THIS_MACHINE)
        self.posting = HookPosting(self.units, self.clock, self.ids, FakeKeyRing(), sender)
        self.desk = HookDesk(self.units, self.clock, self.ids, self.posting)
        self.hook: Hook
        self.hook, self.secret = self.desk.add(
            self.tenant, "ERP", self.receiver.url, self.kinds, "ada"
        )

    def books(self) -> None:
        ingest = Ingest(self.units, self.clock, FaultTally())
        ingest.book([Inbound(self.box.topic(), self.box.frame(), self.clock.now_ms())])

    def hears(self) -> list[tuple[str, dict[str, object]]]:
        """Send all that is due; return what came, by type and data."""
        before = len(self.receiver.came)
        while self.posting.run(self.tenant):
            if self.receiver.status != 204:
                break
        said = [json.loads(content) for _, _, content in self.receiver.came[before:]]
        assert all(datetime.fromisoformat(one["timestamp"]) for one in said)
        return sorted((one["type"], one["data"]) for one in said)


@pytest.fixture
def chain(shared_pg_units: PostgresUnits, receiver: Receiver) -> Chain:
    return Chain(shared_pg_units, receiver)


def test_each_kind_of_event_is_told_once_and_signed(chain: Chain) -> None:
    box, person = chain.box, Person()
    box.enrols(person)
    box.consents(person)
    sold = box.sells(person, fen=12_800)
    chain.books()
    box.refunds(sold, (1, 1_000), fen=12_700)
    chain.books()
    said = dict(chain.hears())
    assert list(said) == ["consent.given", "member.enrolled", "sale.booked", "sale.refunded"]
    assert said["member.enrolled"]["member"] == str(person.member)
    assert said["sale.booked"]["total_fen"] == 12_800
    assert said["sale.booked"]["member"] == str(person.member)
    assert said["sale.refunded"]["receipt"] == said["sale.booked"]["receipt"]
    assert said["sale.refunded"]["money_fen"] == 12_700
    assert chain.receiver.verified(base64.b64decode(chain.secret.removeprefix("whsec_")))
    assert not chain.receiver.verified(b"x" * 32)
    # What a person is called, and her number, never leave this way.
    content = b"".join(one for _, _, one in chain.receiver.came).decode()
    assert person.name not in content
    assert "138****" not in content
    assert chain.hears() == []


def test_a_frame_that_comes_twice_is_told_once(chain: Chain) -> None:
    chain.box.sells()
    chain.books()
    chain.books()
    assert [kind for kind, _ in chain.hears()] == ["sale.booked"]


def test_what_is_rolled_back_was_never_told(chain: Chain) -> None:
    counted = Count(chain.box.store, "A1", 5_000, date(2026, 11, 18), 1)

    def undone() -> None:
        with chain.units.begin(chain.tenant) as unit:
            unit.stock.count([counted], 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert chain.hears() == []


def test_changes_withdrawals_stock_and_alerts(chain: Chain) -> None:
    box, person = chain.box, Person()
    box.enrols(person)
    box.consents(person, "face.local")
    chain.books()
    chain.hears()
    with chain.units.connection(chain.tenant) as connection:
        connection.exec_driver_sql(
            "update member set ver = ver + 1, tier = 'gold', name = '李四' where member_id = %(m)s",
            {"m": person.member},
        )
        connection.exec_driver_sql("update member set ver = ver + 1")
    day = date(2026, 11, 18)
    with chain.units.begin(chain.tenant) as unit:
        unit.stock.count(
            [Count(box.store, f"A{number:03d}", number, day, 1) for number in range(201)], 1
        )
    FaceOffice(chain.units, chain.clock, chain.ids, FakeKeyRing()).withdraw(
        chain.tenant, person.member, who="ada"
    )
    alert = fresh_id()
    for plan in (AlertPlan(opens=(Trouble(box.store, "H103", "", 1_000),)),
                 AlertPlan(away=(alert,)), AlertPlan(clears=(alert,))):  # fmt: skip
        with chain.units.begin(chain.tenant) as unit:
            unit.alerts.write(plan, [alert], 5_000)
    heard = chain.hears()
    assert [kind for kind, _ in heard] == [
        "alert.cleared", "alert.raised", "consent.withdrawn", "member.changed", "stock.changed",
    ]  # fmt: skip
    said = dict(heard)
    assert said["member.changed"]["changed"] == ["name", "tier"]
    assert said["stock.changed"]["count"] == 201
    assert len(said["stock.changed"]["rows"]) == 200  # type: ignore[arg-type]  # a list of JSON
    assert said["consent.withdrawn"]["kind"] == "face.local"
    assert (said["alert.raised"]["since_ms"], said["alert.cleared"]["cleared_ms"]) == (1_000, 5_000)


def test_only_what_was_asked_for_is_told_and_nothing_of_another_chain(
    shared_pg_units: PostgresUnits, receiver: Receiver
) -> None:
    here = Chain(shared_pg_units, receiver, (HookKind.SALE_BOOKED,))
    with receiving() as elsewhere:
        there = Chain(shared_pg_units, elsewhere)
        here.box.enrols(Person())
        here.box.sells()
        here.books()
        assert [kind for kind, _ in here.hears()] == ["sale.booked"]
        assert there.hears() == []


def test_whoever_sees_one_store_alone_leaves_no_gap(chain: Chain) -> None:
    """Subscriptions are HQ's; what a store's person does is told all the same."""
    with as_the_program():
        look_as(Sight(chain.box.store))
        with chain.units.begin(chain.tenant) as unit:
            opens = (Trouble(chain.box.store, "H103", "", 1_000),)
            unit.alerts.write(AlertPlan(opens=opens), [fresh_id()], 5_000)
        with chain.units.connection(chain.tenant) as connection:
            assert connection.exec_driver_sql("select * from hook").fetchall() == []
            assert connection.exec_driver_sql("select * from hook_post").fetchall() == []
    assert [kind for kind, _ in chain.hears()] == ["alert.raised"]


def test_a_partner_that_is_down_gets_it_later_with_the_same_id(chain: Chain) -> None:
    chain.receiver.status = 503
    chain.box.sells()
    chain.books()
    chain.hears()
    chain.receiver.status = 204
    chain.clock.advance(10_000)
    chain.hears()
    (_, first, body), (_, second, again) = chain.receiver.came
    assert (first["webhook-id"], body) == (second["webhook-id"], again)


def test_a_partner_that_does_not_answer_holds_up_its_own_messages_alone(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud_broker.services.outward.delivery.PATIENCE_S", 0.2)
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        chain.desk.add(chain.tenant, "silent", url, tuple(HookKind), "ada")

        def answers_never() -> None:
            peer, _ = silent.accept()
            with peer:
                asked.set()
                released.wait(60)

        released = threading.Event()
        thread = threading.Thread(target=answers_never)
        thread.start()
        try:
            for count in (1, 2):
                chain.box.sells()
                chain.books()
                heard = until(lambda: chain.posting.run(chain.tenant), chain.receiver, count)
                assert len(heard) == count
            assert asked.is_set()
        finally:
            released.set()
            thread.join()
            chain.posting.close()


# ---- where a message may go ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
     "100.64.0.1", "224.0.0.1", "255.255.255.255", "fe80::1%eth0", "fd00::1", "ff02::1",
     "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:1::1", "::"],
)  # fmt: skip
def test_no_closed_network_is_reached(address: str) -> None:
    assert not is_open(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_public_internet_is_reached(address: str) -> None:
    assert is_open(address, ())


def test_a_network_that_is_named_is_reached_and_its_neighbour_is_not() -> None:
    networks = (ip_network("10.1.0.0/16"),)
    assert is_open("10.1.2.3", networks)
    assert is_open("::ffff:10.1.2.3", networks)
    assert not is_open("10.2.0.1", networks)


def test_nothing_is_sent_into_a_closed_network(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "localhost"):
        port = receiver.server_address[1]
        assert refusal(Webhook(FakeCloudClock()), f"http://{host}:{port}/") == "F270"
    assert receiver.came == []


def test_a_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is checked is not asked again when it is called."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *rest: object, **more: object) -> object:
        asked.append(host)
        if host == "rebind.example":
            host = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return real(host, *rest, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    target = f"http://rebind.example:{receiver.server_address[1]}/x"
    Webhook(FakeCloudClock(), THIS_MACHINE).send(target, a_post(), (b"k",))
    ((path, headers, _),) = receiver.came
    assert (path, headers["host"]) == ("/x", f"rebind.example:{receiver.server_address[1]}")
    assert asked.count("rebind.example") == 1


def test_a_partner_that_dribbles_holds_nobody_up() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def dribble() -> None:
        peer, _ = listener.accept()
        with peer:
            try:
                while not ended.wait(0.02):
                    peer.sendall(b"H")
            except OSError:
                return

    thread = threading.Thread(target=dribble)
    thread.start()
    try:
        sender = Webhook(FakeCloudClock(), THIS_MACHINE, total_s=0.3)
        port = listener.getsockname()[1]
        assert refusal(sender, f"http://127.0.0.1:{port}/") == FaultCode.ALERT_NOT_SENT
    finally:
        ended.set()
        thread.join()
        listener.close()


def until(turn: Callable[[], object], receiver: Receiver, count: int) -> list[object]:
    """Do turns until so many messages came, for at most twenty seconds."""
    ends = time.monotonic() + 20
    while len(receiver.came) < count and time.monotonic() < ends:
        turn()
    return list(receiver.came)


def a_post() -> Post:
    return Post(UUID(int=9), UUID(int=1), None, "webhook.test", "{}", 0)


def refusal(sender: Webhook, target: str) -> str:
    with pytest.raises(Fault) as refused:
        sender.send(target, a_post(), (b"k",))
    return refused.value.code
