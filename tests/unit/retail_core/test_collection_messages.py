"""Messages of channels: read, dated, made plain; what cannot be used says why."""

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.insight.collection import limits
from retail_core.insight.collection.ecommerce import EVENTS, counted
from retail_core.insight.collection.messages import Message, happened_ms, read
from retail_core.insight.collection.plain import REMOVED, logged, person

NOW = 1_790_000_000_000


def hashed(kind: str, text: str) -> bytes:
    return hmac.digest(b"k", f"{kind}:{text}".encode(), "sha256")


def message(**more: Any) -> Message:
    said = {"type": "track", "event": "Product Viewed", "userId": "u", "messageId": "m"}
    return read(said | more, "", NOW)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("text", "E137"),
        ({"type": "buy", "userId": "u"}, "E134"),
        ({"type": 7, "userId": "u"}, "E137"),
        ({"type": "track", "event": "x"}, "E135"),
        ({"type": "track", "userId": "u"}, "E136"),
        ({"type": "track", "userId": "u", "event": "  "}, "E136"),
        ({"type": "alias", "userId": "u"}, "E136"),
        ({"type": "group", "userId": "u"}, "E136"),
        ({"type": "track", "userId": "u" * 257, "event": "x"}, "E137"),
        ({"type": "track", "userId": ["u"], "event": "x"}, "E137"),
        ({"type": "track", "userId": "u", "event": "x", "properties": []}, "E137"),
        ({"type": "track", "userId": "u", "event": "x", "properties": {"a": "\x00"}}, "E137"),
        ({"type": "track", "userId": "u", "event": "x", "timestamp": {}}, "E138"),
        ({"type": "track", "userId": "u", "event": "x", "timestamp": "1950-01-01"}, "E138"),
    ],
)
def test_what_cannot_be_used_says_why(raw: object, code: str) -> None:
    with pytest.raises(Fault) as caught:
        read(raw, "", NOW)
    assert caught.value.code == code


def test_nesting_has_an_end() -> None:
    deep: Any = 1
    for _ in range(limits.DEPTH_MAX + 1):
        deep = [deep]
    with pytest.raises(Fault):
        message(properties={"deep": deep})


def test_a_message_is_known_by_its_id_or_by_all_it_says() -> None:
    assert message().key == message(event="Other").key
    assert message(messageId="n").key != message().key
    bare = {"type": "page", "anonymousId": "v", "timestamp": NOW}
    assert read(bare, "", NOW).key == read(dict(reversed(bare.items())), "", NOW).key
    assert read(bare | {"name": "x"}, "", NOW).key != read(bare, "", NOW).key


@given(st.integers(0, 10**9), st.integers(-(10**12), 10**12))
def test_two_times_of_one_clock_tell_the_age_whatever_it_shows(age: int, ahead: int) -> None:
    sent = NOW + ahead
    assert happened_ms(sent - age, sent, NOW) == NOW - age


def test_a_time_alone_is_believed_but_never_ahead() -> None:
    assert happened_ms(None, None, NOW) == happened_ms("", "", NOW) == NOW
    assert happened_ms(NOW - 7, None, NOW) == NOW - 7
    assert happened_ms(NOW + 10**9, None, NOW) == NOW
    assert happened_ms("2026-09-21T16:53:20+08:00", None, NOW) == 1_789_980_800_000
    assert happened_ms("2026-09-21T08:53:20", None, NOW) == 1_789_980_800_000


def test_numbers_are_ids_and_a_visit_is_found_where_sdks_put_it() -> None:
    assert message(userId=7).user_id == "7"
    assert message(context={"sessionId": 12}).session_id == "12"
    assert message(context={"traits": {"a": 1}}).traits == {"a": 1}
    assert (message().actor, message(userId=None, anonymousId="v").actor) == ("u:u", "a:v")
    assert message(type="page").name == "Page Viewed"


def test_ecommerce_names_are_spelt_as_laid_down() -> None:
    assert len(EVENTS) == 28
    assert counted(message(event="product  added TO wishlist")).name == "Product Added to Wishlist"
    assert counted(message(event="领券")).name == "领券"
    row = counted(message(properties={"products": [{"product_id": 9, "category": "面霜"}]}))
    assert (row.sku, row.category) == ("9", "面霜")
    two = counted(message(properties={"products": [{"sku": "a"}, {"sku": "b"}]}))
    assert two.sku == ""


def test_the_log_holds_nobodys_name_number_or_address() -> None:
    one = message(
        properties={"email": "A@b.cn ", "phone": "x", "name": "面霜", "receiver": {"tel": "1"}},
        context={
            "ip": "10.0.0.1",
            "device": {"id": "d", "name": "李娜的手机", "model": "P1", "advertisingId": "z"},
            "locale": "zh-CN",
            "location": {"city": "x"},
            "traits": {"name": "李娜"},
        },
        traits={"name": "李娜"},
        writeKey="rgw.secret",
    )
    kept = logged(one, hashed)
    text = repr(kept)
    assert all(word not in text for word in ("A@b.cn", "10.0.0.1", "李娜", "rgw.secret", "'z'"))
    assert kept["properties"] == {
        "email": hashed("email", "a@b.cn").hex(),
        "phone": REMOVED,
        "name": "面霜",
        "receiver": REMOVED,
    }
    assert kept["context"]["location"] == REMOVED
    assert (kept["context"]["locale"], kept["context"]["device"]["model"]) == ("zh-CN", "P1")


def test_a_person_is_what_an_identify_says() -> None:
    traits = {"phone": "138-0013-8000", "email": "a@b", "mail": "a@b.cn", "tier": "gold"}
    found = person(message(type="identify", traits=traits), hashed)
    assert found.phone_hash == hashed("phone", "8613800138000")
    assert found.email_hash == hashed("email", "a@b.cn")
    assert found.traits == {"tier": "gold"}
    assert not person(message(traits=traits), hashed).says_something
