"""`PersonLine`, the fake and over HTTP to the cloud's own application on a real port."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
import uvicorn

from cloud_broker.api.app import build_app
from cloud_broker.services.persons.person_filters import PersonFilters
from edge_agent.adapters.person_line_http import HttpPersonLine
from edge_agent.ports.person_line import CodeWanted, PersonLine
from retail_core.errors import Fault
from retail_core.identity.person_filter import PersonFilter
from retail_core.texts.faults import FaultCode
from retail_core.wire.persons import PersonsPlan
from tests.factories.member_phone import Cloud
from tests.factories.shop_floor import make_id
from tests.factories.waiting import eventually
from tests.fakes.cloud_basics import FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_recruiting import FakeSmsSender, sms_codes
from tests.fakes.person_line import CODE, FakePersonLine, hash_of
from tests.plugins.cloud import token_of

DIGITS = "8613800138000"
LANE = "front"


class PersonLineContract:
    """The suite; a subclass provides `line`, a `member` it knows, the `code` sent last."""

    def test_a_code_is_sent_and_opens_once(
        self, line: PersonLine, member: UUID, sent: "Sent"
    ) -> None:
        assert line.send_code(CodeWanted(member, LANE, DIGITS)) == 300
        wrong = line.check_code(member, LANE, sent.wrong())
        assert (wrong.outcome, wrong.left) == ("wrong", 4)
        assert line.check_code(member, "other", sent.right()).outcome == "over"
        assert line.check_code(member, LANE, sent.right()).outcome == "right"
        assert line.check_code(member, LANE, sent.right()).outcome == "over"

    def test_there_is_a_summary_or_none(self, line: PersonLine, sent: "Sent") -> None:
        assert line.persons(0) is None
        content = sent.publish()
        plan = line.persons(0)
        assert plan is not None
        assert (plan.version, plan.whole, plan.sha256) == (1, True, hash_of(content))
        assert line.persons_whole(1) == content
        with pytest.raises(Fault) as caught:
            line.persons_whole(9)
        assert caught.value.code == FaultCode.API_NOT_FOUND


class Sent:
    """The code that was sent last, and a summary to be published."""

    def right(self) -> str:
        return CODE

    def wrong(self) -> str:
        return f"{(int(self.right()) + 1) % 1_000_000:06d}"

    def publish(self) -> bytes:
        raise NotImplementedError


class TestFakePersonLine(PersonLineContract):
    @pytest.fixture
    def line(self) -> FakePersonLine:
        return FakePersonLine()

    @pytest.fixture
    def member(self) -> UUID:
        return make_id()

    @pytest.fixture
    def sent(self, line: FakePersonLine) -> Sent:
        class Here(Sent):
            def publish(self) -> bytes:
                content = PersonFilter.sized(10).encoded()
                line.wholes[1] = content
                line.plan = PersonsPlan(1, hash_of(content), len(content), whole=True)
                return content

        return Here()


class Site:
    """The cloud's application on a port of this machine."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.sender = FakeSmsSender()
        units, clock = self.cloud.units, self.cloud.clock
        ids = FakeCloudIdSource(clock)
        self.filters = PersonFilters(units, clock)
        deps = replace(
            self.cloud.deps,
            sms=sms_codes(units, clock, ids, self.sender),
            person_filters=self.filters,
            hosts=frozenset({"127.0.0.1"}),
        )
        config = uvicorn.Config(
            build_app(deps), host="127.0.0.1", port=0, log_config=None, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        eventually(lambda: self._server.started)

    @property
    def port(self) -> int:
        (server,) = self._server.servers
        return int(server.sockets[0].getsockname()[1])

    def member(self) -> UUID:
        """Enrol the owner of the number, hashed with the tenant's own key."""
        return self.cloud.enrolled_with(DIGITS, FakeKeyRing())

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.mark.integration
@pytest.mark.enable_socket
class TestHttpPersonLine(PersonLineContract):
    @pytest.fixture
    def site(self) -> Iterator[Site]:
        site = Site()
        yield site
        site.close()

    @pytest.fixture
    def line(self, site: Site) -> HttpPersonLine:
        return HttpPersonLine(f"http://127.0.0.1:{site.port}", token_of(site.cloud.box))

    @pytest.fixture
    def member(self, site: Site) -> UUID:
        return site.member()

    @pytest.fixture
    def sent(self, site: Site, member: UUID) -> Sent:
        del member

        class There(Sent):
            def right(self) -> str:
                return site.sender.sent[-1].code

            def publish(self) -> bytes:
                site.filters.publish(site.cloud.box.tenant, who="li")
                return site.filters.content(site.cloud.box.tenant, 1)

        return There()

    def test_what_the_cloud_says_comes_through(
        self, line: HttpPersonLine, site: Site, member: UUID
    ) -> None:
        def said(wanted: CodeWanted) -> Fault:
            with pytest.raises(Fault) as caught:
                line.send_code(wanted)
            return caught.value

        good = CodeWanted(member, LANE, DIGITS)
        other = CodeWanted(member, LANE, "8613900000000")
        assert said(other).code == FaultCode.SMS_PHONE_OTHER
        nobody = CodeWanted(make_id(), LANE, DIGITS)
        assert said(nobody).code == FaultCode.SMS_MEMBER_UNCONFIRMED
        site.sender.down = True
        assert said(good).code == FaultCode.SMS_NOT_SENT
        fault = said(good)
        assert (fault.code, fault.fields["seconds"]) == (FaultCode.SMS_TOO_OFTEN, "60")

    def test_no_line_and_no_leave(self, site: Site, member: UUID) -> None:
        wanted = CodeWanted(member, LANE, DIGITS)
        for line, code in (
            (HttpPersonLine("http://127.0.0.1:1", "token"), FaultCode.SYNC_LINK_DOWN),
            (HttpPersonLine(f"http://127.0.0.1:{site.port}", "no"), FaultCode.API_TOKEN_WRONG),
        ):
            with pytest.raises(Fault) as caught:
                line.send_code(wanted)
            assert caught.value.code == code
            assert DIGITS not in str(caught.value)


def test_an_address_that_is_none() -> None:
    with pytest.raises(Fault) as caught:
        HttpPersonLine("ftp://x", "token")
    assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID
