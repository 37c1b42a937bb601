"""What providers tell of messages later, read and proved."""

import hashlib
import hmac
import json

import pytest

from cloud_broker.domain import message_receipts
from cloud_broker.domain.connectors.shape import Pushed
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.platforms import AT_MS, SECRETS, asked, pushed

SECRET = b"a secret of sixteen characters"


class TestReceipts:
    NOW = 1_790_000_000_000

    def pushed(self, body: object, *, secret: bytes = SECRET, ms: int = NOW) -> Pushed:
        content = json.dumps(body).encode()
        stamp = str(ms // 1_000)
        signed = hmac.digest(secret, f"{stamp}.".encode() + content, hashlib.sha256).hex()
        headers = {"x-regulars-timestamp": stamp, "x-regulars-signature": f"v1={signed}"}
        return Pushed("POST", {}, headers, content)

    def test_what_came_what_did_not_and_who_wants_no_more(self) -> None:
        said = {
            "receipts": [
                {"id": "a", "status": "delivered"},
                {"id": "b", "status": "failed", "reason": "空号"},
            ],
            "replies": [{"phone": "+861", "text": " td "}, {"phone": "+862", "text": "谢谢"}],
        }
        heard = message_receipts.sms(self.pushed(said), SECRET, self.NOW)
        assert [(one.named, one.delivered, one.reason) for one in heard.receipts] == [
            ("a", True, ""),
            ("b", False, "空号"),
        ]
        assert heard.stops == ("+861",)

    @pytest.mark.parametrize("change", ["secret", "late", "body", "header"])
    def test_what_does_not_prove_itself_is_refused(self, change: str) -> None:
        pushed = self.pushed({"receipts": []})
        if change == "secret":
            pushed = self.pushed({"receipts": []}, secret=b"another")
        elif change == "late":
            pushed = self.pushed({"receipts": []}, ms=self.NOW - 301_000)
        elif change == "body":
            pushed = Pushed("POST", {}, pushed.headers, b"{}")
        else:
            pushed = Pushed("POST", {}, {}, pushed.body)
        with pytest.raises(Fault) as caught:
            message_receipts.sms(pushed, SECRET, self.NOW)
        assert caught.value.code is FaultCode.MESSAGE_RECEIPT_SIGNATURE

    @pytest.mark.parametrize(
        "body", [[], {"receipts": [{"id": ""}]}, {"receipts": [{"id": "a", "status": "?"}]}]
    )
    def test_what_is_signed_and_makes_no_sense_is_named(self, body: object) -> None:
        with pytest.raises(Fault) as caught:
            message_receipts.sms(self.pushed(body), SECRET, self.NOW)
        assert caught.value.code is FaultCode.MESSAGE_RECEIPT_INVALID

    def test_what_wechat_pushes(self) -> None:
        sent = {
            "FromUserName": "o1",
            "Event": "subscribe_msg_sent_event",
            "List": [
                {"MsgID": "7", "ErrorCode": "0", "ErrorStatus": "success"},
                {"MsgID": 8, "ErrorCode": "43101", "ErrorStatus": "user refuse"},
            ],
        }
        change = {
            "FromUserName": "o2",
            "Event": "subscribe_msg_change_event",
            "List": {"TemplateId": "T", "SubscribeStatusString": "reject"},
        }
        other = {"FromUserName": "o3", "Event": "unsubscribe"}
        told = [
            message_receipts.wechat(pushed("wechat_mini", one), SECRETS["wechat_mini"], AT_MS)
            for one in (sent, change, other)
        ]
        assert [(one.named, one.delivered, one.reason) for one in told[0].receipts] == [
            ("7", True, ""),
            ("8", False, "43101 user refuse"),
        ]
        assert [one.stops for one in told] == [(), ("o2",), ()]
        assert {one.answer for one in told} == {"success"}

    def test_wechat_tries_the_address(self) -> None:
        heard = message_receipts.wechat(asked(), SECRETS["wechat_mini"], AT_MS)
        assert heard.answer == "4375120948345356249"
