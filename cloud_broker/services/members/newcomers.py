"""A new member is one person over all stores: one wallet, and one newcomer's gift.

Decided where it can be decided: the phone's keyed hash is entered once (a unique key), whoever
asked. Who entered it is new and gets the gift; who did not is merged into the person that was there
before, by postings. Both happen in the transaction that books the enrolment. A number that somebody
says proves nothing: no link of an enrolment that was merged opens the purse of the person before.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, day_from
from cloud_broker.domain.ingest_effects import PHONE, NewMember, Plan
from cloud_broker.domain.points import Moment
from cloud_broker.ports.feed import FeedRow
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.ledger import Merge
from cloud_broker.ports.unit import Unit
from cloud_broker.services.persons.persons import who_holds
from cloud_broker.services.points.books import open_wallet
from cloud_broker.services.points.desk import sweep
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.rights.lease_placing import points_back
from cloud_broker.services.rights.one_gift import NEWCOMER
from retail_core.growth.newcomer import Newcomer

BY = "ingest"
REASON = "one phone number, enrolled twice: 同一手机号重复入会"


class Newcomers:
    """What one batch's enrolments and sales mean for persons."""

    def __init__(self, unit: Unit, tenant: UUID, now_ms: int) -> None:
        self._unit = unit
        self._tenant = tenant
        self._now_ms = now_ms
        self._benefits = Benefits(unit, tenant, now_ms)

    def settle(self, made: Plan) -> tuple[FeedRow, ...]:
        """Give newcomers their gift, merge who was known, sweep what was booked to merged wallets.

        Members whose records changed join `made.touched`; the rows are those of the gifts.
        """
        fresh: list[NewMember] = []
        said = self._said_before(made)
        owners = self._owners(made.members)
        for new in made.members:
            owner = owners.get(new.member)
            if owner == new.member:
                fresh.append(new)
            elif owner is not None:
                made.touched |= self._merge(new, owner)
                self._close(new, made)
                said.add(new.member)
        if said:
            self._unit.members.revoke_cards(said, self._now_ms)
        self._give(fresh)
        made.touched |= self._sweep(made)
        rows = self._benefits.tell()
        made.touched -= {new.member for new in fresh if rows}
        return rows

    # ---- persons --------------------------------------------------------------------------------

    def _owners(self, members: Iterable[NewMember]) -> dict[UUID, UUID]:
        """Return whom each new member's phone names, as the table says it after the insert."""
        phones = {
            new.member: (PHONE, new.enrolled.phone_hash)
            for new in members
            if new.enrolled.phone_hash
        }
        named = self._unit.members.identities(set(phones.values())) if phones else {}
        return {member: named[key] for member, key in phones.items() if key in named}

    def _merge(self, new: NewMember, owner: UUID) -> set[UUID]:
        """Let a member who was there before hold what this one earns."""
        target = who_holds(self._unit, [owner])[owner]
        into = self._unit.members.wallets([target])[target]
        said = f"{self._tenant}/{new.member}/{target}"
        merge = Merge(
            UUID(bytes=sha256(said.encode()).digest()[:16]),
            new.member,
            target,
            new.wallet,
            into,
            REASON,
            BY,
            self._now_ms,
        )
        self._unit.points_desk.add_merge(merge)
        detail = {"from": str(new.member), "into": str(target), "reason": REASON}
        entry = AuditEntry(BY, "points.merge", str(merge.merge_id), detail)
        self._unit.hq.audit(entry, self._now_ms)
        self._unit.members.add_interests({(new.arrival.place.store, target)}, self._now_ms)
        return {new.member, target}

    def _close(self, new: NewMember, made: Plan) -> None:
        """Let no link of this enrolment be claimed: who only says a number is not its owner.

        She would speak for a purse that was there before; her own phone does that already, or a
        clerk gives her a new link.
        """
        hashes = {one.claim.claim_hash for one in made.claims if one.member == new.member}
        for hashed in sorted(hashes | {new.enrolled.claim_hash}):
            self._unit.members.use_claim(hashed, self._now_ms)

    def _said_before(self, made: Plan) -> set[UUID]:
        """Return who of those given a card now was merged because somebody said her number.

        A card would speak for the person before as well as a link.
        """
        carded = {new.member for new in made.cards}
        merges = self._unit.points_desk.merges() if carded else ()
        return {one.source for one in merges if one.by == BY and one.source in carded}

    def _sweep(self, made: Plan) -> set[UUID]:
        """Move what this batch booked to merged wallets to where it belongs."""
        booked = {sale.wallet: sale.arrival for sale in made.sales if sale.wallet is not None}
        booked |= points_back(made)
        moved = self._unit.ledger.holders(sorted(booked)) if booked else {}
        if not moved:
            return set()
        merges = {merge.from_wallet: merge for merge in self._unit.points_desk.merges()}
        touched: set[UUID] = set()
        for first in sorted(moved):
            wallet, moment = first, self._moment(booked[first])
            while wallet in merges:
                merge = merges[wallet]
                sweep(self._unit, self._tenant, merge, open_wallet(self._unit, wallet), moment)
                touched |= {merge.source, merge.target}
                wallet = merge.into_wallet
        return touched

    def _moment(self, arrival: Arrival) -> Moment:
        return Moment(_day(arrival), self._now_ms, self._now_ms)

    # ---- the gift -------------------------------------------------------------------------------

    def _give(self, fresh: list[NewMember]) -> None:
        """Give what the rules said when she came, though the shop had no line then."""
        for new in fresh:
            arrival = new.arrival
            came_ms = min(arrival.happened_ms, self._now_ms)
            rules = _rules(arrival.place.zone).of(self._unit, self._tenant, came_ms)
            if rules.newcomer is not None:
                self._give_one(new.member, rules.newcomer, _day(arrival))

    def _give_one(self, member: UUID, gift: Newcomer, day: date) -> None:
        last = gift.last_day(day)
        if gift.coupon:
            self._benefits.give_coupon(
                member, gift.coupon, source=NEWCOMER, first_day=day, last_day=last
            )
            return
        self._benefits.give_gift(
            member,
            kind=NEWCOMER,
            sku=gift.sku,
            name=gift.name,
            source=NEWCOMER,
            store=None,
            last_day=last,
        )


@lru_cache(maxsize=8)
def _rules(zone: str) -> RulesInForce:
    return RulesInForce(zone)


def _day(arrival: Arrival) -> date:
    return day_from(arrival, None)
