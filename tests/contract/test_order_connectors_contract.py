"""What every connector owes: its platform's recorded pushes, read whole; anything else refused."""

import hmac
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cloud_broker.domain.connectors.known import CONNECTORS
from cloud_broker.domain.connectors.shape import Pushed
from retail_core.errors import Fault
from retail_core.insight.channel_orders.words import OrderWord, Said, fold
from tests.factories.platforms import AT_MS, SECRETS, asked, pushed

FIXTURES = Path(__file__).parents[1] / "fixtures" / "connectors"
DAY_MS = 86_400_000


@dataclass
class Recorded:
    """A platform's pushes as they came, and the order they tell of."""

    kind: str
    pushes: list[Pushed]
    order: dict[str, Any]

    def words(self, one: Pushed) -> list[OrderWord]:
        connector = CONNECTORS[self.kind]
        rows = connector.opened(one, SECRETS[self.kind], AT_MS).rows
        return [word for row in rows for word in connector.words(row, self.kind, hashed)]


def hashed(kind: str, text: str) -> bytes:
    return hmac.digest(b"k", f"{kind}:{text}".encode(), "sha256")


@pytest.fixture(params=sorted(CONNECTORS))
def recorded(request: pytest.FixtureRequest) -> Recorded:
    said = json.loads((FIXTURES / f"{request.param}.json").read_text(encoding="utf-8"))
    assert said["secrets"] == SECRETS[request.param]
    pushes = [Pushed(one["method"], one["query"], one["headers"], one["body"].encode())
              for one in said["pushes"]]  # fmt: skip
    return Recorded(request.param, pushes, said["order"])


def refused(recorded: Recorded, one: Pushed, code: str, now_ms: int = AT_MS) -> None:
    with pytest.raises(Fault) as caught:
        CONNECTORS[recorded.kind].opened(one, SECRETS[recorded.kind], now_ms)
    assert caught.value.code == code


def test_recorded_pushes_tell_the_order_in_any_order(recorded: Recorded) -> None:
    words = [word for one in recorded.pushes for word in recorded.words(one)]
    for some in (words, words[::-1]):
        order = fold(Said(UUID(int=1), word) for word in some)
        assert order is not None
        names = recorded.order.keys() - {"skus", "phone"}
        assert {name: getattr(order, name) for name in names} == {
            name: recorded.order[name] for name in names
        }
        assert [line.sku for line in order.lines] == recorded.order["skus"]
        assert order.buyer.phone == hashed("phone", recorded.order["phone"]).hex()


def test_nothing_that_names_a_person_is_in_a_word(recorded: Recorded) -> None:
    text = repr([word for one in recorded.pushes for word in recorded.words(one)])
    for named in ("13800138000", "13900139000", "13700137000", "某路", "o-open-1", "1@#open"):
        assert named not in text


def test_a_changed_byte_is_refused(recorded: Recorded) -> None:
    one = recorded.pushes[0]
    begin, end = 0, len(one.body)
    if recorded.kind == "wechat_mini":
        # What stands around WeChat's ciphertext is not read.
        begin = one.body.index(b'"Encrypt": "') + len(b'"Encrypt": "')
        end = one.body.index(b'"', begin)
    for place in range(begin, end, 7):
        body = bytearray(one.body)
        body[place] = ord("A") if body[place] != ord("A") else ord("B")
        refused(recorded, replace(one, body=bytes(body)), "E140")


def test_another_secret_no_signature_and_another_header_are_refused(recorded: Recorded) -> None:
    one = recorded.pushes[0]
    refused(recorded, replace(one, headers={}, query={}), "E140")
    for name in one.headers:
        refused(recorded, replace(one, headers={**one.headers, name: "0"}), "E140")
    for name in one.query.keys() - {"encrypt_type"}:
        refused(recorded, replace(one, query={**one.query, name: "0"}), "E140")
    wrong = {name: text[::-1] for name, text in SECRETS[recorded.kind].items()}
    wrong |= {"secret": "whsec_" + "b" * 43 + "="} if recorded.kind == "oms" else {}
    with pytest.raises(Fault) as caught:
        CONNECTORS[recorded.kind].opened(one, wrong, AT_MS)
    assert caught.value.code == "E140"


def test_what_is_said_at_another_time_is_refused(recorded: Recorded) -> None:
    for now_ms in (AT_MS + 4 * DAY_MS, AT_MS - 4 * DAY_MS):
        refused(recorded, recorded.pushes[0], "E141", now_ms)


@pytest.mark.parametrize(
    ("kind", "row", "field"),
    [
        ("oms", {"order_no": "1"}, "version"),
        ("oms", {"order_no": "1", "version": -1}, "version"),
        ("oms", {"order_no": "1", "version": 1, "status": "sent"}, "status"),
        ("oms", {"order_no": "1", "version": 1, "lines": [1]}, "lines"),
        ("oms", {"order_no": "1", "version": 1, "net_fen": 1.5}, "net_fen"),
        ("douyin", {"tag": "101", "data": {"pay_time": 5}}, "p_id"),
        ("douyin", {"tag": "101", "data": {"p_id": 1}}, "pay_time"),
        ("wechat_mini", {"Event": "channels_ec_order_pay", "CreateTime": 5}, "order_id"),
    ],
)
def test_an_order_that_cannot_be_read_names_the_field(kind: str, row: Any, field: str) -> None:
    with pytest.raises(Fault) as caught:
        CONNECTORS[kind].words(row, kind, hashed)
    assert (caught.value.code, caught.value.fields["field"]) == ("E142", field)


def test_wechat_tries_an_address_and_is_answered_with_its_own_echo() -> None:
    connector = CONNECTORS["wechat_mini"]
    answer = connector.opened(asked(), SECRETS["wechat_mini"], AT_MS)
    assert (answer.rows, answer.answer) == ((), "4375120948345356249")
    wrong = replace(asked(), query={**asked().query, "signature": "0" * 40})
    with pytest.raises(Fault):
        connector.opened(wrong, SECRETS["wechat_mini"], AT_MS)


def test_a_message_for_another_shop_is_refused() -> None:
    """The signature is right, and what is inside is for somebody else."""
    mine = pushed("wechat_mini", {"Event": "x", "CreateTime": 1})
    other = SECRETS["wechat_mini"] | {"app_id": "wx0000000000000002"}
    with pytest.raises(Fault) as caught:
        CONNECTORS["wechat_mini"].opened(mine, other, AT_MS)
    assert caught.value.code == "E140"
