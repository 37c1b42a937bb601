"""One chain with a few members, a shop, a web shop and HQ, over the service that ships."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from cloud_broker.bootstrap.identity import identity_desk, settling_of
from cloud_broker.bootstrap.office import Office
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.insight.collecting import Call
from cloud_broker.services.insight.identity_desk import sheet_of
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from cloud_broker.services.persons.persons import who_holds
from cloud_broker.services.points.desk import PointsDesk
from retail_core.errors import Fault
from retail_core.insight.persons.hearing import member_handle
from retail_core.loyalty.postings import member_account
from retail_core.wire.messages import Event
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant
from tools.verify_identity.history import MERGING, PERSONS, Step

_VIEWERS = "select person_id from analytics.events where name <> '' order by occurred_at, event_id"
_BUYERS = "select person_id from analytics.orders order by ordered_at, order_id"


@dataclass(slots=True)
class World:
    """A chain in the middle of a history; `merging` False never links anybody."""

    office: Office
    merging: bool
    tenant: UUID = field(init=False)
    box: SimBox = field(init=False)
    people: list[Person] = field(default_factory=list)
    sales: list[Event] = field(default_factory=list)
    given_back: set[int] = field(default_factory=set)
    links: list[UUID] = field(default_factory=list)
    merged: int = 0
    _key: str = ""
    _sent: int = 0
    _said: int = 0

    def __post_init__(self) -> None:
        """Open the chain: everybody is a member and agrees to joined wallets."""
        units, now = self.office.units, self.office.clock.now_ms()
        self.tenant = new_tenant(units)
        self.box = new_box(units, self.tenant)
        made = self.office.channels.sources.make(self.tenant, "web", "web", "sdk", who="t")
        self._key = made.shown
        for nth in range(PERSONS):
            person = Person(name=f"王{'甲乙丙丁'[nth]}", phone=f"861380013{nth:04d}")
            self.people.append(person)
            self.box.enrols(person)
            self._send()
            self.box.consents(person, "wallet.join")
        self._send()
        hashed = self.office.channels.sources.hashed(self.tenant)
        names = {("phone", hashed("phone", one.phone)): one.member for one in self.people}
        with units.begin(self.tenant) as unit:
            unit.members.add_identities(names, now)
        self.settle()

    def do(self, step: Step) -> None:
        """Do a step; a world that merges nobody passes over what merges."""
        if step.act in MERGING and not self.merging:
            return
        getattr(self, step.act)(step)

    def end(self) -> None:
        """Take every link back, the oldest first."""
        for link in self.links:
            self._unlink(link)
        self.settle()

    def state(self) -> dict[str, Any]:
        """Return what is so of everybody, by her place in the list."""
        numbers = {one.member: nth for nth, one in enumerate(self.people)}
        with self.office.units.begin(self.tenant) as unit:
            sheets = [sheet_of(unit, one.member) for one in self.people]
        with self.office.units.connection(self.tenant) as connection:
            seen, bought = (
                [numbers.get(row[0]) for row in connection.exec_driver_sql(query).fetchall()]
                for query in (_VIEWERS, _BUYERS)
            )
        return {
            "points": [one.profile.points for one in sheets],
            "consents": [dict(one.profile.consents) for one in sheets],
            "properties": [dict(one.profile.properties) for one in sheets],
            "persons": [numbers[one.person] for one in sheets],
            "names": [len(one.handles) for one in sheets],
            "viewers": seen,
            "buyers": bought,
        }

    # ---- acts -----------------------------------------------------------------------------------

    def sell(self, step: Step) -> None:
        """Sell to a member; every other shop has heard in whose wallet her points are."""
        person = self.people[step.one]
        sale = self.box.sale(person, points=step.much)
        if step.much % 2:
            with self.office.units.begin(self.tenant) as unit:
                holder = who_holds(unit, [person.member])[person.member]
                wallet = unit.members.wallets([holder])[holder]
            free = member_account(wallet, "free")
            postings = tuple(msgspec.structs.replace(one, credit=free) for one in sale.postings)
            sale = msgspec.structs.replace(sale, postings=postings)
        said = {name: getattr(sale, name) for name in sale.__struct_fields__}
        self.sales.append(self.box.sells(person, **said))
        self._send()

    def refund(self, step: Step) -> None:
        """Give a sale back as a whole, once."""
        if not self.sales or (nth := step.much % len(self.sales)) in self.given_back:
            return
        self.given_back.add(nth)
        self.box.refunds(self.sales[nth], (1, 1_000), (2, 1_000), fen=5_900)
        self._send()

    def give(self, step: Step) -> None:
        """Give points by hand."""
        office = self.office
        desk = PointsDesk(office.units, office.clock, office.ids, "Asia/Shanghai")
        asked = desk.propose(self._who("li"), self.people[step.one].member, step.much, "补记")
        desk.decide(self._who("wang"), asked.adjustment_id, "approved")

    def agree(self, step: Step) -> None:
        """Agree to advertising."""
        self.box.consents(self.people[step.one], "marketing")
        self._send()

    def view(self, step: Step) -> None:
        """Look at something, not signed in."""
        self._says("track", event="Product Viewed", anonymousId=f"v{step.other}")

    def identify(self, step: Step) -> None:
        """Sign in on a browser, by her number."""
        phone = self.people[step.one].phone.removeprefix("86")
        traits = {"phone": phone, "city": f"city {step.much}"}
        user = f"u{step.one}"
        self._says("identify", userId=user, anonymousId=f"v{step.other}", traits=traits)
        self._says("track", event="Product Added", userId=user)

    def link(self, step: Step) -> None:
        """Say that two are one."""
        ends = tuple(member_handle(self.people[nth].member) for nth in (step.one, step.other))
        try:
            made = identity_desk(self.office).say(self._who("li"), (ends[0], ends[1]), "同一个人")
        except Fault:  # it is said already
            return
        self.links.append(made)
        self.merged += 1

    def unlink(self, step: Step) -> None:
        """Take one of those words back."""
        if self.links:
            self._unlink(self.links.pop(step.much % len(self.links)))

    def settle(self, _step: Step | None = None) -> None:
        """Let the cloud settle what is due."""
        settling_of(self.office).everything(self.tenant)

    def _unlink(self, link: UUID) -> None:
        identity_desk(self.office).unlink(self._who("wang"), link, "认错了")

    def _says(self, kind: str, **message: object) -> None:
        self._said += 1
        body = {"messageId": str(self._said), "timestamp": 1_790_000_000_000 + self._said} | message
        self.office.channels.collecting.take(Call(kind, json.dumps(body).encode(), self._key))

    def _send(self) -> None:
        first, self._sent = self._sent + 1, len(self.box.events)
        now = self.office.clock.now_ms()
        frame = open_frame(Inbound(self.box.topic(), self.box.frame(first), now))
        assert isinstance(frame, OpenFrame)  # noqa: S101 - a box's own frame
        with self.office.units.begin(self.tenant) as unit:
            booked = Batch(unit, self.tenant, now).book([frame], [])
        rejected = [one for acked in booked.acked for one in acked.rejected]
        assert not rejected, rejected  # noqa: S101 - nothing here is wrong

    def _who(self, login: str) -> HqIdentity:
        return HqIdentity(self.tenant, fresh_id(), login, login, "operations")
