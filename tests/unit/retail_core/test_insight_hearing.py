"""Which names a message or an order says are one person."""

from uuid import UUID

import pytest

from retail_core.insight.channel_orders.words import Buyer
from retail_core.insight.collection.messages import read
from retail_core.insight.collection.plain import Person
from retail_core.insight.persons.hearing import Pair, said_by_message, said_by_order

SOURCE, MEMBER = UUID(int=1), UUID(int=2)


def pairs(kind: str, said: Person | None = None, **message: object) -> list[Pair]:
    one = read({"messageId": "m", **message}, kind, 1_000)
    found = said or Person(one.actor)
    return list(said_by_message(one, SOURCE, found, MEMBER if message.get("ours") else None))


def test_who_signs_in_says_whose_the_browser_the_number_and_the_mailbox_are() -> None:
    said = Person("u:u1", b"\x01\x02", b"\x03")
    found = pairs("identify", said, userId="u1", anonymousId="v1", ours=True)
    user = ("user", f"{SOURCE}:u1")
    assert found == [
        (user, ("anonymous", f"{SOURCE}:v1")),
        (user, ("member", str(MEMBER))),
        (user, ("phone", "0102")),
        (user, ("email", "03")),
    ]


def test_a_browser_alone_says_nothing_though_it_says_a_number() -> None:
    assert pairs("identify", Person("a:v1", b"\x01"), anonymousId="v1") == []


@pytest.mark.parametrize("nobody", ["null", "0", "Undefined", "guest"])
def test_who_is_nobody_says_nothing(nobody: str) -> None:
    assert pairs("track", event="x", userId=nobody, anonymousId="v1") == []
    assert pairs("track", event="x", userId="u1", anonymousId=nobody) == []


def test_an_alias_names_the_visitor_and_the_account_of_before() -> None:
    found = pairs("alias", userId="u2", previousId="u1")
    user = ("user", f"{SOURCE}:u2")
    assert found == [(user, ("anonymous", f"{SOURCE}:u1")), (user, ("user", f"{SOURCE}:u1"))]
    assert pairs("alias", userId="u2", previousId="u2") == []


def test_an_order_joins_its_account_with_number_and_member_and_nothing_that_is_shared() -> None:
    buyer = Buyer(account="aa", phone="bb", address="cc", payer="dd", device="ee")
    account = ("buyer", "douyin:aa")
    assert list(said_by_order("douyin", buyer, MEMBER)) == [
        (account, ("phone", "bb")),
        (account, ("member", str(MEMBER))),
    ]
    assert list(said_by_order("douyin", Buyer(phone="bb"), MEMBER)) == []
