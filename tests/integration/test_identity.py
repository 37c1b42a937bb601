"""Who is one person, from what comes in to what reports say, and back again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
import pytest

from cloud_broker.adapters.postgres.tags import PostgresTagShelf
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.bootstrap.privacy import leavings_of
from cloud_broker.cli.common import settings_of
from cloud_broker.ports.wechat import WeChatPerson
from cloud_broker.services.insight.collecting import Call
from cloud_broker.services.members.phones import PhoneHolder, Phones
from cloud_broker.services.members.wechat_binding import WeChatBinding
from tests.factories.hq_commands import Hq, opened_hq
from tests.fakes.cloud_box import Person
from tests.fakes.cloud_wechat import FakeWeChat
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
PHONE = "13800138000"
TODAY = date(2026, 11, 23)


@dataclass
class Chain:
    """A chain with a box, two people of HQ and a web shop; Ann was there before Bea."""

    hq: Hq
    office: Office
    source: UUID
    key: str
    ann: Person
    bea: Person

    @property
    def tenant(self) -> UUID:
        return self.hq.box.tenant

    def says(self, kind: str, **message: object) -> None:
        took = self.office.channels.collecting.take(
            Call(kind, json.dumps(message).encode(), self.key)
        )
        assert (took.stored, took.refused) == (1, 0)

    def identity(self, *words: str, who: str = "", code: int = 0) -> dict[str, Any]:
        return self.hq.said("insight", "identity", *words, who=who, code=code)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.hq.database.url.replace("+psycopg", "")) as connection:
            connection.execute("select set_config('app.tenant', %s, true)", (str(self.tenant),))
            return connection.execute(query).fetchall()

    def viewers(self) -> list[UUID | None]:
        rows = self.rows(
            "select person_id from analytics.events where name <> '' order by occurred_at, event_id"
        )
        return [row[0] for row in rows]

    def buyers(self) -> list[UUID | None]:
        rows = self.rows("select person_id from analytics.orders order by ordered_at, order_id")
        return [row[0] for row in rows]

    def points(self, person: Person) -> int:
        return int(self.identity("show", str(person.member))["points"])

    def evidence(self, person: Person, source: str) -> str:
        rows = self.identity("show", str(person.member))["evidence"]
        (found,) = [one for one in rows if one["source"] == source and not one["retracted_ms"]]
        return str(found["link"])


@pytest.fixture
def chain(database: Database, tmp_path: Path) -> Iterator[Chain]:
    hq = opened_hq(database, tmp_path)
    office = build_office(settings_of(hq.config))
    made = office.channels.sources.make(hq.box.tenant, "商城", "web", "sdk", who="t")
    ann, bea = Person(), Person(phone="8613800138001", name="李娜")
    hq.box.enrols(ann)
    hq.box.issues_card(ann, b"\x04ann")
    hq.sends()
    hq.box.enrols(bea)
    hq.sends()
    hashed = office.channels.sources.hashed(hq.box.tenant)("phone", f"86{PHONE}")
    with office.units.begin(hq.box.tenant) as unit:
        unit.members.add_identities({("phone", hashed): ann.member}, office.clock.now_ms())
    yield Chain(hq, office, made.source.source_id, made.shown, ann, bea)
    office.close()


def test_a_browser_is_hers_once_she_says_who_she_is_and_not_after_it_is_taken_back(
    chain: Chain,
) -> None:
    chain.says("track", event="Product Viewed", anonymousId="v1", messageId="1")
    chain.identity("settle")
    assert chain.viewers() == [None]
    chain.says("identify", userId="u1", anonymousId="v1", messageId="2", traits={"phone": PHONE})
    chain.says("track", event="Product Added", userId="u1", messageId="3")
    chain.says("track", event="Product Viewed", anonymousId="v2", messageId="4")
    assert chain.identity("settle")["changed"] > 0
    ann = chain.ann.member
    assert chain.viewers() == [ann, ann, None]
    sheet = chain.identity("show", str(ann))
    assert {name.partition(":")[0] for name in sheet["names"]} == {
        *("member", "phone", "card", "user", "anonymous"),
    }
    channel = f"channel:{chain.source}"
    assert {one["source"] for one in sheet["evidence"]} == {"till", channel}
    # The same browser names somebody else later: it stays whose it was.
    chain.says("identify", userId=str(chain.bea.member), anonymousId="v1", messageId="5")
    chain.identity("settle")
    assert chain.viewers()[0] == ann

    link = next(
        one["link"] for one in sheet["evidence"]
        if one["source"] == channel and "phone:" in one["first"] + one["second"]
    )  # fmt: skip
    assert "E161" in chain.hq.command(
        *("insight", "identity", "unlink", link, "--reason", " "),
        *("--token", chain.hq.tokens["li"]),
        code=3,
    )
    chain.identity("unlink", link, "--reason", "借用的号码", who="li")
    assert chain.viewers() == [None, None, None]
    # The channel says it again, and is not heard: a person took it back.
    chain.says("identify", userId="u1", anonymousId="v1", messageId="6", traits={"phone": PHONE})
    chain.identity("settle")
    assert chain.viewers() == [None, None, None]
    said = chain.identity("history", f"user:{chain.source}:u1")["evidence"]
    assert [one["retracted_why"] for one in said if one["link"] == link] == ["借用的号码"]


def test_two_members_become_one_and_two_again_as_if_they_never_had_been(chain: Chain) -> None:
    ann, bea, box = chain.ann, chain.bea, chain.hq.box
    box.sells(ann)
    box.sells(bea)
    chain.hq.sends()
    assert chain.buyers() == [ann.member, bea.member]
    chain.identity("link", str(bea.member), str(ann.member), "--reason", "同一个人", who="li")
    assert chain.buyers() == [ann.member, ann.member]
    # One person, two wallets: nobody was asked yet.
    assert chain.rows("select * from member_merge") == []
    (waiting,) = chain.identity("candidates")["wallets_waiting"]
    assert [one["may_join"] for one in waiting] == [None, None]
    assert chain.points(bea) == 118
    assert chain.rows("select person_id, points_spendable from analytics.members") == [
        (ann.member, 118)
    ]

    box.consents(ann, "wallet.join")
    box.consents(bea, "wallet.join")
    chain.hq.sends()
    done = chain.identity("settle")
    assert (done["poured"], done["parted"]) == (1, 0)
    assert chain.identity("candidates")["wallets_waiting"] == []
    assert chain.rows("select from_member_id, into_member_id, merged_by from member_merge") == [
        (bea.member, ann.member, "identity")
    ]
    box.sells(bea)
    chain.hq.sends()
    assert chain.points(ann) == 59 * 3
    chain.identity("unlink", chain.evidence(bea, "hq:li"), "--reason", "认错了", who="wang")
    assert (chain.points(ann), chain.points(bea)) == (59, 59 * 2)
    assert chain.buyers() == [ann.member, bea.member, bea.member]
    assert chain.rows("select unmerged_by from member_unmerge") == [("identity",)]
    assert chain.hq.said("ledger", "verify")["wrong"] == []


def test_wallets_that_hq_joined_are_one_person_and_apart_when_that_is_taken_back(
    chain: Chain,
) -> None:
    ends = str(chain.bea.member), str(chain.ann.member)
    chain.hq.said("ledger", "merge", *ends, "--reason", "同一人", who="li")
    chain.identity("settle")
    assert chain.identity("show", ends[0])["person"] == ends[1]
    # What is worked out of her stands once, and is found under each of her memberships.
    shelf = PostgresTagShelf(chain.office.units, chain.office.clock)
    shelf.save_catalogue(chain.tenant, "1", ())
    shelf.save_tags(chain.tenant, "1", TODAY, [(chain.ann.member, '{"lifecycle": "repeat"}')])
    found = shelf.tags_of(chain.tenant, chain.bea.member)
    assert found is not None
    assert found[0].tags == {"lifecycle": "repeat"}
    chain.identity("unlink", chain.evidence(chain.bea, "hq:li"), "--reason", "不是", who="li")
    assert chain.identity("show", ends[0])["person"] == ends[0]
    assert shelf.tags_of(chain.tenant, chain.bea.member) is None
    assert len(chain.rows("select * from member_unmerge")) == 1
    chain.identity("link", *ends, "--apart", "--reason", "两姐妹", who="li")
    assert "E156" in chain.hq.command(
        *("insight", "identity", "link", *ends, "--apart", "--reason", "x"),
        *("--token", chain.hq.tokens["li"]),
        code=3,
    )


def test_a_value_that_names_nobody_parts_those_it_joined(chain: Chain) -> None:
    chain.says("identify", userId="u1", anonymousId="v1", messageId="1", traits={"phone": PHONE})
    chain.says("track", event="Product Viewed", userId="u1", messageId="2")
    chain.identity("settle")
    assert chain.viewers() == [chain.ann.member]
    hashed = chain.office.channels.sources.hashed(chain.tenant)("phone", f"86{PHONE}").hex()
    chain.identity("block", f"phone:{hashed}", "--reason", "门店电话", who="li")
    assert chain.viewers() == [None]
    chain.identity("block", f"phone:{hashed}", "--off", "--reason", "不是", who="li")
    assert chain.viewers() == [chain.ann.member]
    for wrong in ("mood:x", "member:x", "phone:"):
        assert "E157" in chain.hq.command("insight", "identity", "history", wrong, code=3)


def test_the_night_links_who_is_surely_one_and_shows_who_may_be(chain: Chain) -> None:
    """Two shops know one person by an address and a whole birthday; a namesake is only shown."""
    other = chain.office.channels.sources.make(chain.tenant, "小程序", "mini", "sdk", who="t")
    traits = {"name": "欧阳娜娜", "birthday": "1990-03-07", "address": "上海市徐汇区漕溪北路1号"}
    chain.says("identify", userId="u1", messageId="1", traits=traits)
    chain.key, web = other.shown, chain.key
    chain.says("identify", userId="n7", messageId="1", traits=traits)
    chain.says("track", event="Product Viewed", userId="n7", messageId="2")
    chain.key = web
    chain.says("identify", userId="u2", messageId="2", traits={"name": "王芳", "phone": PHONE})
    run = chain.identity("search")
    assert (run["state"], run["counts"]["linked"]) == ("done", 1), run
    said = chain.identity("history", f"user:{other.source.source_id}:n7")["evidence"]
    assert [one["source"] for one in said] == ["nightly:splink/1"]
    # She becomes a member later: what she did there is hers at once, by the night's word.
    hashed = chain.office.channels.sources.hashed(chain.tenant)("phone", "8613900139000")
    chain.says("identify", userId="u1", messageId="3", traits={"phone": "13900139000"})
    with chain.office.units.begin(chain.tenant) as unit:
        unit.members.add_identities(
            {("phone", hashed): chain.bea.member}, chain.office.clock.now_ms()
        )
    chain.identity("settle")
    assert chain.viewers() == [chain.bea.member]
    chain.identity("unlink", said[0]["link"], "--reason", "姐妹", who="li")
    assert chain.viewers() == [None]
    assert chain.identity("search")["counts"]["linked"] == 0
    assert chain.viewers() == [None]


def test_wechat_bound_on_her_page_is_said_by_her_page(chain: Chain) -> None:
    office, tenant = chain.office, chain.tenant
    phones = Phones(office.units, office.clock, office.ids)
    leavings = leavings_of(office)
    wechat = FakeWeChat({"c1": WeChatPerson("oAnn", "uAnn")})
    binding = WeChatBinding(
        *(office.units, office.keys, office.clock, wechat, phones, leavings),
        lambda _slug: tenant,
    )
    state = parse_qs(urlsplit(binding.address("", "ab" * 16, "https://m.test/m/wechat")).query)
    who = PhoneHolder(tenant, chain.ann.member, b"12345678")
    binding.bind(who, "ab" * 16, "c1", state["state"][0])
    chain.identity("settle")
    sheet = chain.identity("show", str(chain.ann.member))
    by_page = [one for one in sheet["evidence"] if one["source"] == "page"]
    names = {one[end].partition(":")[0] for one in by_page for end in ("first", "second")}
    assert names == {"member", "openid", "unionid"}
