"""A chain with a campaign: people of a segment, an approved text, a provider that takes notes."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.connectors.shape import Pushed
from cloud_broker.domain.message_receipts import Heard
from cloud_broker.ports.campaigns import Campaign
from cloud_broker.ports.channel_orders import PlacedOrder
from cloud_broker.ports.messages import Template
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from cloud_broker.services.insight.campaign_desks import (
    Brand,
    CampaignDesks,
    Providers,
    campaign_desks_of,
)
from cloud_broker.services.insight.contacts import OptIn
from retail_core.insight.campaigns.plan import plan_of
from retail_core.insight.channel_orders.words import Buyer, Order, order_id_of
from retail_core.wire.codec import encode_body
from retail_core.wire.growth import CallAnswered
from retail_core.wire.kinds import EventType
from tests.factories.grown import ZONE, Grown
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_messages import FakeMessageSender
from tests.fakes.cloud_units import FakeUnits

TEXT = "【{brand}】送您「{coupon}」,{last_day} 前到店可用,退订回T"


@dataclass(frozen=True)
class Numbered(Person):
    """Somebody whose number is known by the chain's own key."""

    key: bytes = b""

    @property
    def phone_hash(self) -> bytes:
        return hmac.digest(self.key, self.phone.encode(), "sha256")


@dataclass
class Advertising:
    """The chain and its desks; two people of HQ: li writes, wang agrees."""

    grown: Grown
    sms: FakeMessageSender = field(default_factory=FakeMessageSender)

    def __post_init__(self) -> None:
        self.units, self.tenant, self.clock = self.grown.units, self.grown.tenant, self.grown.clock
        self.ids, self.keys = FakeCloudIdSource(self.clock), FakeKeyRing()
        self.desks: CampaignDesks = campaign_desks_of(
            *(self.units, self.clock, self.ids, self.keys),
            Brand(ZONE, "熟客美妆"),
            Providers({"sms": self.sms}, {"sms": self._heard}),
        )
        self.told = Heard()
        self.segment = fresh_id()
        self.people: list[Person] = []

    def _heard(self, pushed: Pushed, now_ms: int) -> Heard:
        return self.told

    def who(self, login: str = "li", role: HqRole = "operations") -> HqIdentity:
        """Somebody at HQ."""
        return HqIdentity(self.tenant, fresh_id(), login, login, role)

    def today(self) -> date:
        """The brand's day."""
        return self.grown.rules.day(self.clock.now_ms())

    def enrol(self, count: int, *, agreed: bool = True) -> None:
        """Enrol people, who agree to SMS or do not."""
        new = [self._enrolled() for _ in range(count)]
        self.grown.upload()
        self.people += new
        if agreed:
            for person in new:
                self.agrees(person)

    def _enrolled(self) -> Person:
        key = self.keys.keys(self.tenant).phone_hash_key
        person = Numbered(phone=f"86138{fresh_id().int % 10**8:08d}", key=key)
        self.grown.box.enrols(person)
        return person

    def agrees(self, person: Person) -> None:
        """Let somebody agree to SMS with her own number."""
        said = OptIn(person.member, "sms", "+" + person.phone)
        self.desks.contacts.opt_in(self.tenant, said)

    def segment_of(self, people: Iterable[UUID] | None = None, name: str = "回头客") -> UUID:
        """Let these belong to the segment, by default everybody."""
        chosen = [one.member for one in self.people] if people is None else list(people)
        if isinstance(self.units, FakeUnits):
            with self.units.begin(self.tenant) as unit:
                unit.state.campaigns.segments[self.segment] = (name, set(chosen))
            return self.segment
        assert isinstance(self.units, PostgresUnits)
        with self.units.connection(self.tenant) as connection:
            at = {"t": self.tenant, "s": self.segment, "n": name}
            connection.exec_driver_sql(
                "insert into segment values (%(t)s, %(s)s, %(n)s, '', 1, '{}', 'li', now(), 'li',"
                " now(), null) on conflict do nothing",
                at,
            )
            connection.exec_driver_sql(
                "delete from segment_member where tenant_id = %(t)s and segment_id = %(s)s", at
            )
            for one in chosen:
                connection.exec_driver_sql(
                    "insert into segment_member values (%(t)s, %(s)s, %(m)s, 1)", at | {"m": one}
                )
        return self.segment

    def template(self, body: str = TEXT) -> Template:
        """Write a text and have it approved."""
        made = self.desks.templates.write(self.who(), "sms", "券到了", body, "SMS_1")
        return self.desks.templates.approve(self.who("wang"), made.template)

    def said(self, **changed: Any) -> dict[str, Any]:
        """Return a plan for the segment: a coupon and an SMS."""
        return {
            "name": "回来看看",
            "segment": str(self.segment),
            "actions": [{"kind": "coupon", "rule": "ten-off", "days": 7}],
            "first_day": self.today().isoformat(),
            "last_day": (self.today() + timedelta(days=10)).isoformat(),
            "budget_fen": 1_000_000,
            "benefit_fen": 1_000,
            "message_fen": 5,
            "worth_permille": 0,
            "holdout_permille": 300,
        } | changed

    def begun(self, **changed: Any) -> Campaign:
        """Write a campaign, ask, and let it go."""
        made = self.desks.campaigns.write(self.who(), plan_of(self.said(**changed)))
        self.desks.campaigns.ask(self.who(), made.campaign)
        return self.desks.campaigns.agree(self.who("wang"), made.campaign)

    def with_message(self, **changed: Any) -> dict[str, Any]:
        """Return the actions of a coupon and a message."""
        template = str(self.template(**changed).template)
        message = {"kind": "message", "channel": "sms", "template": template}
        return {"actions": [*self.said()["actions"], message]}

    def run(self) -> None:
        """Do all that is due, without sending."""
        while self.desks.running.run(self.tenant):
            pass

    def send(self) -> None:
        """Send all that may go now."""
        while self.desks.sending.run(self.tenant):
            pass

    def at_hour(self, hour: int) -> None:
        """Go on to an hour of the brand's day, today or tomorrow."""
        local = self.grown.rules.local(self.clock.now_ms())
        wanted = local.replace(hour=hour, minute=0, second=0, microsecond=0)
        ahead = wanted - local
        if ahead < timedelta():
            ahead += timedelta(days=1)
        self.clock.advance(round(ahead.total_seconds() * 1_000))
        self.grown.box.wall_ms = self.clock.now_ms()

    def buys(self, person: Person, net_fen: int) -> None:
        """Let somebody buy in another channel."""
        now_ms = self.clock.now_ms()
        number = str(fresh_id())
        order = Order(
            order_id=order_id_of("web", number),
            channel="web",
            order_no=number,
            version=1,
            status="paid",
            ordered_ms=now_ms,
            list_fen=net_fen,
            net_fen=net_fen,
            refunded_fen=0,
            points_used=0,
            coupons=0,
            store="",
            buyer=Buyer(),
            lines=(),
        )
        placed = PlacedOrder(order, self.today(), 12, None, person.member, ())
        with self.units.begin(self.tenant) as unit:
            unit.channel_orders.save([placed], now_ms)

    def calls(self, person: Person) -> list[bytes]:
        """Return the open calls of somebody; PostgreSQL tells shops by its own clock's day."""
        if isinstance(self.units, FakeUnits):
            with self.units.begin(self.tenant) as unit:
                (facts,) = unit.members.facts([person.member])
            return [one.call for one in facts.told.calls if one.call is not None]
        assert isinstance(self.units, PostgresUnits)
        with self.units.connection(self.tenant) as connection:
            rows = connection.exec_driver_sql(
                "select call_id from call_back where tenant_id = %(t)s and member_id = %(m)s"
                " and ended_ms is null",
                {"t": self.tenant, "m": person.member},
            )
            return [row.call_id.bytes for row in rows]

    def says_of(self, call: bytes, person: Person, outcome: str) -> None:
        """A clerk says what came of a call, and the box's word arrives."""
        body = encode_body(CallAnswered(call, outcome))
        self.grown.box.journal(EventType.CALL_ANSWERED, body, person.member)
        self.grown.upload()

    def repairs(self) -> list[str]:
        """Return the codes of what waits for a person."""
        with self.units.begin(self.tenant) as unit:
            return sorted(one.code for one in unit.repair.standing(["E122", "W101"]))

    def arms(self, campaign: Campaign) -> dict[str, int]:
        """Count people by arm."""
        found = self.desks.campaigns.shown(self.tenant, campaign.campaign).results.tally
        return {"treated": found.treated, "held": found.held}

    def messages(self, campaign: Campaign) -> dict[str, int]:
        """Count messages by state."""
        found = self.desks.campaigns.shown(self.tenant, campaign.campaign).results.tally
        return dict(found.messages)

    def figures(self, campaign: Campaign) -> dict[str, Any]:
        """Return a campaign's figures."""
        shown = self.desks.campaigns.shown(self.tenant, campaign.campaign)
        return shown.results.figures(shown.campaign)

    def standing(self, campaign: Campaign) -> Campaign:
        """Return a campaign as it stands."""
        return self.desks.campaigns.shown(self.tenant, campaign.campaign).campaign


def campaigns_of(units: Units, clock: FakeCloudClock) -> CampaignDesks:
    """Return the desks of a chain that has no provider."""
    ids, brand = FakeCloudIdSource(clock), Brand(ZONE, "Regulars")
    return campaign_desks_of(units, clock, ids, FakeKeyRing(), brand, Providers({}, {}))
