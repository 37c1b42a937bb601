"""A campaign from its segment to what it brought, by command, with coupons used while cut off."""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.keyring_files import FileKeyRing
from cloud_broker.adapters.postgres.segments import PostgresSegmentBook
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.bootstrap.worth import reckon_apart
from cloud_broker.domain.records import record_of
from cloud_broker.ports.segments import Segment
from cloud_broker.services.growth.profile_desk import ProfileDesk
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.settings import load_settings
from retail_core.errors import Fault
from retail_core.loyalty.leases import LENT, LeaseKey, Right, RightKind
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseHello
from retail_core.wire.member import CallNote
from retail_core.wire.messages import LeaseSpend
from tests.factories.grown import RULES
from tests.factories.hq_commands import Hq, opened_hq
from tests.factories.receiver import receiving
from tests.fakes.cloud_box import Person, fresh_id
from tests.plugins.postgres import Database

PEOPLE = 40


@dataclass(frozen=True)
class Numbered(Person):
    """Somebody whose number is known by the chain's own key."""

    key: bytes = b""

    @property
    def phone_hash(self) -> bytes:
        return hmac.digest(self.key, self.phone.encode(), "sha256")


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1_000)


@pytest.fixture
def people(hq: Hq, tmp_path: Path) -> list[Numbered]:
    """Enrol people with numbers of their own at a box that may spend, and publish a coupon."""
    bundle = tmp_path / "bundle.json"
    bundle.write_text(json.dumps(RULES), encoding="utf-8")
    hq.command("publish-bundle", str(bundle))
    key = FileKeyRing(tmp_path / "secrets").keys(hq.box.tenant).phone_hash_key
    made = [Numbered(phone=f"86138{fresh_id().int % 10**8:08d}", key=key) for _ in range(PEOPLE)]
    hq.box.wall_ms = now_ms()
    hq.box.journal(EventType.LEASE_HELLO, encode_body(LeaseHello(b"b" * 32)))
    for person in made:
        hq.box.enrols(person)
    hq.sends()
    return made


def opted_in(hq: Hq, people: list[Numbered], tmp_path: Path) -> None:
    """Enter from a file who agreed to SMS before; one number is nobody's."""
    rows = [f"+{one.phone},2026-01-05T10:00:00+08:00" for one in people]
    file = tmp_path / "opt-ins.csv"
    file.write_text("\n".join(["phone,at", *rows, "13900000000,2026-01-05"]), encoding="utf-8")
    said = ("insight", "campaigns", "opt-ins", str(file))
    assert hq.said(*said) == {"entered": PEOPLE, "unknown": 1, "older": 0}
    assert hq.said(*said) == {"entered": 0, "unknown": 1, "older": PEOPLE}
    file.write_text("phone,at\n13800138000,yesterday\n", encoding="utf-8")
    assert "E217" in hq.command(*said, code=3)


def segment_of(hq: Hq, people: list[Numbered]) -> str:
    """Let everybody belong to a segment."""
    units, at = PostgresUnits(make_engine(hq.database.url)), now_ms()
    made = Segment(fresh_id(), "老朋友", "", 1, {}, "li", at, "li", at)
    book = PostgresSegmentBook(units)
    book.add(hq.box.tenant, made)
    members = [one.member for one in people]
    run = book.settle(hq.box.tenant, made, members, datetime.now(UTC).date(), at)
    units.close()
    assert run.people == PEOPLE
    return str(made.segment_id)


def begun(hq: Hq, segment: str, tmp_path: Path) -> str:
    """Write a text and a campaign, each by one person and let go by another."""
    body = "【{brand}】送您「{coupon}」,{last_day} 前到店可用,退订回T"
    campaigns = ("insight", "campaigns")
    text = hq.said(*campaigns, "templates", "write", "券到了", body, who="li")["template_id"]
    hq.said(*campaigns, "templates", "approve", text, who="wang")
    quiet = ("--quiet", "00:00-00:00", "--per-minute", "10000")
    hq.said(*campaigns, "set-pace", "sms", *quiet, who="wang")
    today = datetime.now(UTC).date()
    plan = {
        "name": "回来看看",
        "segment": segment,
        "actions": [
            {"kind": "coupon", "rule": "ten-off", "days": 14},
            {"kind": "message", "channel": "sms", "template": text},
            {"kind": "call", "note": "问问新品", "days": 7},
        ],
        "first_day": (today - timedelta(days=1)).isoformat(),
        "last_day": (today + timedelta(days=7)).isoformat(),
        "holdout_permille": 300,
        "budget_fen": 1_000_000,
        "benefit_fen": 1_000,
        "message_fen": 5,
        "worth_permille": 0,
    }
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    made = hq.said(*campaigns, "write", str(file), who="li")["campaign_id"]
    hq.said(*campaigns, "ask", made, who="li")
    assert "E207" in hq.command(*campaigns, "agree", made, "--token", hq.tokens["li"], code=3)
    assert hq.said(*campaigns, "agree", made, who="wang")["state"] == "running"
    return str(made)


def test_from_a_segment_to_uplift(hq: Hq, people: list[Numbered], tmp_path: Path) -> None:
    with receiving() as provider:
        provider.status = 200
        hq.config.write_text(
            hq.config.read_text(encoding="utf-8")
            + f'message_sms_provider = "webhook"\nmessage_sms_url = "{provider.url}"\n'
            + 'message_sms_secret = "a secret of sixteen"\n',
            encoding="utf-8",
        )
        opted_in(hq, people, tmp_path)
        campaign = begun(hq, segment_of(hq, people), tmp_path)
        ran = hq.said("insight", "campaigns", "run")
        came = [json.loads(body) for _, _, body in provider.came]
    shown = hq.said("insight", "campaigns", "show", campaign)
    treated = shown["figures"]["treated"]["people"]
    assert treated + shown["figures"]["held"]["people"] == PEOPLE
    assert ran["messages"] == len(came) == treated
    assert {one["phone"] for one in came} <= {f"+{one.phone}" for one in people}
    assert "满100减10" in came[0]["text"]

    # Her page shows the coupon; her box holds it, and sells while nobody hears it.
    units = PostgresUnits(make_engine(hq.database.url))
    pages = ProfileDesk(units, SystemClock(), RulesInForce("Asia/Shanghai"))
    holders = {
        one.member: coupons[0].right
        for one in people
        if (coupons := pages.shown(PhoneHolder(hq.box.tenant, one.member, b"")).coupons)
    }
    assert len(holders) == treated
    # What a clerk is to say comes with her record, until she has bought.
    first, buyer = list(holders)[:2]
    assert [one.note for one in calls_of(units, hq, buyer)] == ["问问新品"]
    hq.box.wall_ms = now_ms() + 1_000
    for nth, (member, right) in enumerate(holders.items()):
        if nth % 4:
            person = next(one for one in people if one.member == member)
            key = lease_of(units, hq.box.tenant, right)
            spend = LeaseSpend(key.right.kind, right.bytes, key.epoch, key.nth, 1)
            hq.box.sells(person, fen=11_800, lease_spends=(spend,))
    before = hq.said("insight", "campaigns", "show", campaign)["figures"]
    assert (before["redeemed"], before["treated"]["buyers"]) == (0, 0)
    hq.sends()
    assert calls_of(units, hq, buyer) == ()
    assert len(calls_of(units, hq, first)) == 1
    units.close()

    hq.said("insight", "campaigns", "look", campaign)
    figures = hq.said("insight", "campaigns", "show", campaign)["figures"]
    used = sum(nth % 4 > 0 for nth in range(treated))
    assert (figures["redeemed"], figures["open_coupons"]) == (used, treated - used)
    assert figures["treated"]["buyers"] == used
    assert figures["treated"]["net_fen"] == used * 11_800
    assert figures["conversion"]["low"] > 0
    assert figures["spend_fen"]["low"] > 0
    assert figures["used_fen"] == used * 1_000
    assert figures["sent_fen"] == treated * 5
    assert "uplift" in hq.command("insight", "campaigns", "show", campaign)
    assert "回来看看" in hq.command("insight", "campaigns", "list")
    assert hq.said("insight", "campaigns", "stop", campaign, who="li")["state"] == "stopped"


def calls_of(units: PostgresUnits, hq: Hq, member: UUID) -> tuple[CallNote, ...]:
    """Return what the tills are told to say to her."""
    with units.begin(hq.box.tenant) as unit:
        (facts,) = unit.members.facts([member])
    return record_of(facts).calls


def lease_of(units: PostgresUnits, tenant: UUID, right: UUID) -> LeaseKey:
    """Return the lease under which the box holds a coupon."""
    held = Right(RightKind.COUPON, right)
    with units.begin(tenant) as unit:
        leases = unit.leases.books([held])[held].leases
    (key,) = [key for key, lease in leases.items() if lease.state in LENT]
    return key


def test_what_people_are_worth_is_reckoned_in_a_process(hq: Hq, people: list[Numbered]) -> None:
    settings = load_settings(hq.config)
    for weeks in (8, 4, 1):
        first, on = len(hq.box.events) + 1, datetime.now(UTC).date() - timedelta(weeks=weeks)
        for person in people[:12]:
            hq.box.sells(person, business_date=int(f"{on:%Y%m%d}"))
        hq.sends(first)
    reckon_apart(settings, hq.box.tenant, seconds=120)
    units = PostgresUnits(make_engine(hq.database.url))
    with units.begin(hq.box.tenant) as unit:
        assert unit.campaigns.expected_day() is not None
        assert len(unit.campaigns.expected([one.member for one in people])) == 12
    units.close()
    with pytest.raises(Fault) as caught:
        reckon_apart(settings, hq.box.tenant, seconds=0.0)
    assert caught.value.code is FaultCode.INSIGHT_NO_FIT
