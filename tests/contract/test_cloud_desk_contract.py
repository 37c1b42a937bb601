"""`CloudDesk`, the fake and over HTTP to the cloud's own application on a real port."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import uvicorn

from cloud_broker.api.app import build_app
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.fleet.commands import Wish
from cloud_broker.services.fleet.twin import Spot
from edge_agent.adapters.cloud_desk_http import HttpCloudDesk
from edge_agent.ports.cloud_desk import CloudDesk
from edge_agent.ports.fleet_line import ArchiveLine
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import FleetWord
from retail_core.wire.restored import BoxStanding, LeaseTold
from retail_core.wire.rights import AskState, RightAsked, RightsAsked
from tests.factories.member_phone import Cloud
from tests.factories.shop_floor import make_id
from tests.factories.waiting import eventually
from tests.fakes.cloud_desk import FakeCloudDesk
from tests.plugins.cloud import token_of


def standing(epoch: int = 1) -> BoxStanding:
    told = LeaseTold("points", make_id().bytes, 1, 1, 30)
    return BoxStanding(1, epoch, 7, 1, 4, 1, 0, 0, (told,))


class CloudDeskContract:
    """The suite; a subclass provides `desk`."""

    def test_the_last_part_is_answered_with_what_the_cloud_has(self, desk: CloudDesk) -> None:
        holds = desk.stand(standing())
        assert (holds.cloud_epoch, holds.ranges, holds.ends) == (1, (), ())

    def test_another_restore_is_tried_again_later(self, desk: CloudDesk) -> None:
        with pytest.raises(Fault) as caught:
            desk.stand(standing(epoch=2))
        assert caught.value.spec.retryable

    def test_what_nobody_has_is_nothing(self, desk: CloudDesk) -> None:
        asked = RightsAsked(1, (RightAsked("points", make_id().bytes, 10),))
        answer = desk.ask_rights(asked)
        assert answer.grants == ()
        assert [one.state for one in answer.stands] == [AskState.NOTHING]


class TestFakeCloudDesk(CloudDeskContract):
    @pytest.fixture
    def desk(self) -> FakeCloudDesk:
        return FakeCloudDesk()

    def test_it_may_be_down(self, desk: FakeCloudDesk) -> None:
        desk.down = True
        with pytest.raises(Fault) as caught:
            desk.stand(standing())
        assert caught.value.code == FaultCode.SYNC_LINK_DOWN


@pytest.mark.integration
@pytest.mark.enable_socket
class TestHttpCloudDesk(CloudDeskContract):
    @pytest.fixture
    def cloud(self) -> Cloud:
        return Cloud()

    @pytest.fixture
    def port(self, cloud: Cloud) -> Iterator[int]:
        deps = replace(cloud.deps, hosts=frozenset({"127.0.0.1"}))
        config = uvicorn.Config(
            build_app(deps), host="127.0.0.1", port=0, log_config=None, lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        eventually(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        thread.join()

    @pytest.fixture
    def desk(self, cloud: Cloud, port: int) -> HttpCloudDesk:
        return HttpCloudDesk(f"http://127.0.0.1:{port}", token_of(cloud.box))

    def test_an_archive_longer_than_other_bodies_is_handed_in_for_a_command(
        self, cloud: Cloud, desk: HttpCloudDesk
    ) -> None:
        line: ArchiveLine = desk
        archive = b"\x1f\x8b" + bytes(2 * limits.API_BODY_BYTES_MAX)
        with pytest.raises(Fault) as unasked:
            line.hand_in(archive)
        assert unasked.value.code is FaultCode.SYNC_LINK_DOWN
        who = HqIdentity(cloud.box.tenant, make_id(), "li", "li", "operations")
        orders, box = cloud.deps.fleet.orders, Spot("store", cloud.box.store)
        order = orders.give(who, Wish("diag", box, {}, 3_600_000))
        (sheet,) = desk.exchange(FleetWord(1, 0)).commands
        desk.exchange(FleetWord(1, 0, starts=(sheet.id,)))
        line.hand_in(archive)
        _, (row,) = orders.order(cloud.box.tenant, order.order_id)
        assert cloud.deps.fleet.archives.open(who, order.order_id, row.command_id) == archive

    def test_a_wrong_token_and_nobody_there(self, port: int) -> None:
        for url, code in (
            (f"http://127.0.0.1:{port}", FaultCode.API_TOKEN_WRONG),
            ("http://127.0.0.1:1", FaultCode.SYNC_LINK_DOWN),
        ):
            with pytest.raises(Fault) as caught:
                HttpCloudDesk(url, f"{make_id()}.x").stand(standing())
            assert caught.value.code == code
