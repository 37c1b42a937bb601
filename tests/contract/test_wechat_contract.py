"""What WeChat's word on somebody is: the fake, and the adapter against a real HTTP peer."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from cloud_broker.adapters.wechat_http import HttpWeChat
from cloud_broker.ports.wechat import WeChat, WeChatPerson
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_wechat import FakeWeChat, WeChatServer, wechat_server

ANN = WeChatPerson("oAnn-1", "uAnn-1")
BEA = WeChatPerson("oBea-1")
PEOPLE = {"code-1": ANN, "code-2": BEA}
BACK = "https://shop.example/m/wechat"


class WeChatContract:
    """The suite; a subclass provides `wechat`, which knows PEOPLE by their codes."""

    def test_a_code_is_somebody_once(self, wechat: WeChat) -> None:
        assert wechat.person("code-1") == ANN
        assert wechat.person("code-2") == BEA
        with pytest.raises(Fault) as refused:
            wechat.person("code-1")
        assert refused.value.code is FaultCode.WECHAT_REFUSED
        assert "code-1" not in str(refused.value)

    def test_where_one_agrees(self, wechat: WeChat) -> None:
        asked = parse_qs(urlsplit(wechat.address(BACK, "s1")).query)
        assert (asked["redirect_uri"], asked["state"]) == ([BACK], ["s1"])

    def test_nothing_is_shown_by_accident(self, wechat: WeChat) -> None:
        assert ANN.openid not in repr(ANN) + repr(wechat)


class TestFakeWeChat(WeChatContract):
    @pytest.fixture
    def wechat(self) -> FakeWeChat:
        return FakeWeChat(PEOPLE)


@pytest.mark.integration
@pytest.mark.enable_socket
class TestHttpWeChat(WeChatContract):
    @pytest.fixture
    def server(self) -> Iterator[WeChatServer]:
        with wechat_server(PEOPLE) as standing:
            yield standing

    @pytest.fixture
    def wechat(self, server: WeChatServer) -> HttpWeChat:
        return HttpWeChat("wx1", "its secret", at=server.url, api=server.url)

    def test_as_its_documents_say(self, wechat: HttpWeChat) -> None:
        address = wechat.address(BACK, "s1")
        # Names in another order are refused by WeChat.
        names = ["appid", "redirect_uri", "response_type", "scope", "state"]
        assert list(parse_qs(urlsplit(address).query)) == names
        assert address.endswith("#wechat_redirect")

    def test_bent_answers_are_refused_with_a_reason(self, server: WeChatServer) -> None:
        server.broken = True
        for wechat in (
            HttpWeChat("wx1", "its secret", at=server.url, api=server.url),
            HttpWeChat("wx1", "another", at=server.url, api="http://127.0.0.1:9"),
        ):
            with pytest.raises(Fault) as refused:
                wechat.person("code-1")
            assert refused.value.code is FaultCode.WECHAT_REFUSED
        server.broken = False
        with pytest.raises(Fault, match="40125"):
            HttpWeChat("wx1", "wrong", at=server.url, api=server.url).person("code-1")
