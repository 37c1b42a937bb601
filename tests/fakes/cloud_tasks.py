"""Tasks and invitations in memory, with the same rules as in PostgreSQL."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, time
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.ports.tasks import Completion, Home, Opened, Reached, ShareLink
from retail_core.catalog.article import Article
from retail_core.growth.referral import Referral
from retail_core.growth.task_progress import Bought, CheckedIn, Facts, KeptLine, Shared
from retail_core.wire.messages import SaleLine
from tests.fakes.cloud_office import FakeCatalogueRepo

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


class FakeTaskRepo:
    """Fulfils `TaskRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.tasks

    def add_due(self, members: Collection[UUID], now_ms: int) -> None:
        self._shelf.due += [(now_ms, member) for member in members]

    def take_due(self, now_ms: int) -> UUID | None:
        waiting = [(due, member) for due, member in self._shelf.due if due <= now_ms]
        if not waiting:
            return None
        member = min(waiting, key=lambda one: one[0])[1]
        self._shelf.due = [one for one in self._shelf.due if one[1] != member]
        return member

    def pass_over(self, now_ms: int, limit: int) -> int:
        due = [one for one in sorted(self._shelf.due) if one[0] <= now_ms][:limit]
        self._shelf.due = [one for one in self._shelf.due if one not in due]
        return len(due)

    def put_off(self, member: UUID, until_ms: int) -> None:
        self._shelf.due = [
            (until_ms if whose == member else due, whose) for due, whose in self._shelf.due
        ]

    def lock(self, member: UUID) -> None:
        """One thread at a time works here anyway."""

    def known_since(self, tasks: Collection[str], today: date) -> dict[str, date]:
        return {task: self._shelf.since.setdefault(task, today) for task in tasks}

    def day_rules(self) -> frozenset[tuple[str, time]]:
        return frozenset((one.zone, one.day_starts_at) for one in self._state.stores.values())

    def home(self, member: UUID) -> Home | None:
        new = self._state.members.get(member)
        if new is None:
            return None
        place = new.arrival.place
        return Home(new.wallet, place.store, place.legal_entity, new.arrival.received_ms)

    def note_checkin(self, member: UUID, day: date, store: UUID) -> bool:
        fresh = (member, day, store) not in self._shelf.checkins
        self._shelf.checkins.add((member, day, store))
        return fresh

    def checkin_member(self, checkin: UUID) -> UUID | None:
        held = self._state.checkins.get(checkin)
        return None if held is None else held.checkin.member

    def facts(self, member: UUID, since: date) -> Facts:
        return Facts(
            tuple(
                Bought(sale.receipt_id, sale.day, self._name(sale.arrival.place.store), kept)
                for sale in self._sales(member)
                if sale.day >= since
                for kept in (tuple(self._kept(sale)),)
            ),
            tuple(
                CheckedIn(day, self._name(store))
                for whose, day, store in self._shelf.checkins
                if whose == member and day >= since
            ),
            tuple(self._shared(member)),
        )

    def completions(self, member: UUID) -> dict[str, Completion]:
        return dict(self._shelf.completions.get(member, {}))

    def save_completions(
        self, member: UUID, completions: Mapping[str, Completion], now_ms: int
    ) -> None:
        self._shelf.completions.setdefault(member, {}).update(completions)

    def reached(self, member: UUID) -> tuple[Reached, ...]:
        return self._shelf.reached.get(member, ())

    def save_reached(self, member: UUID, reached: Sequence[Reached]) -> None:
        self._shelf.reached[member] = tuple(sorted(reached, key=lambda one: one.task))

    def add_link(self, link: ShareLink) -> ShareLink:
        for held in self._shelf.links.values():
            if (held.member, held.about) == (link.member, link.about):
                return held
        return self._shelf.links.setdefault(link.link, link)

    def link(self, link: UUID) -> ShareLink | None:
        return self._shelf.links.get(link)

    def add_open(self, opened: Opened, now_ms: int) -> bool:
        key = (opened.link.member, opened.member)
        fresh = key not in self._shelf.opened
        self._shelf.opened.setdefault(key, opened)
        return fresh

    def inviters_of(self, member: UUID) -> set[UUID]:
        found = {inviter for inviter, whose in self._shelf.opened if whose == member}
        invited = self._shelf.referrals.get(member)
        return found | (set() if invited is None else {invited.link.member})

    def add_referral(self, opened: Opened, now_ms: int) -> bool:
        fresh = opened.member not in self._shelf.referrals
        self._shelf.referrals.setdefault(opened.member, opened)
        return fresh

    def is_invited(self, member: UUID) -> bool:
        return member in self._shelf.referrals

    def devices(self, among: Collection[bytes]) -> frozenset[bytes]:
        return frozenset(one.device for one in self._shelf.referrals.values()) & set(among)

    def referrals(self, inviters: Collection[UUID]) -> tuple[Referral, ...]:
        return tuple(
            Referral(
                one.link.member,
                friend,
                one.day,
                tuple((sale.day, self._left(sale)) for sale in self._sales(friend)),
            )
            for friend, one in sorted(self._shelf.referrals.items())
            if one.link.member in inviters
        )

    def check_on(self, friends: Mapping[UUID, date | None]) -> None:
        self._shelf.check_on |= friends

    def checks_due(self, today: date) -> set[UUID]:
        return {
            friend
            for friend, day in self._shelf.check_on.items()
            if day is not None and day <= today
        }

    # ---- what is left of sales -------------------------------------------------------------------

    def _sales(self, member: UUID) -> list[BookedSale]:
        return [one for one in self._state.sales.values() if one.arrival.member == member]

    def _name(self, store: UUID) -> str:
        return self._state.stores[store].name

    def _kept(self, sale: BookedSale) -> list[KeptLine]:
        back: Counter[int] = Counter()
        for refund in self._state.refunds:
            if refund.receipt_id == sale.receipt_id:
                back.update({line.line: 0 for line in refund.body.lines})
                for line in refund.body.lines:
                    back[line.line] += line.qty_milli
        known = {one.sku: one for one in FakeCatalogueRepo(self._state).effective(sale.day)}
        return [_line(line, back[line.line], known.get(line.sku)) for line in sale.sale.lines]

    def _left(self, sale: BookedSale) -> int:
        return sum(line.net_fen for line in self._kept(sale))

    def _shared(self, inviter: UUID) -> list[Shared]:
        found = []
        for (whose, friend), opened in self._shelf.opened.items():
            if whose != inviter:
                continue
            days = [opened.day] if opened.joined else self._visits(friend, opened.day)
            found += [Shared(friend, min(days))] if days else []
        return found

    def _visits(self, member: UUID, since: date) -> list[date]:
        return [one.day for one in self._sales(member) if one.day >= since and self._left(one)]


def _line(line: SaleLine, back: int, article: Article | None) -> KeptLine:
    gone = line.net_fen * min(back, line.qty_milli) // max(line.qty_milli, 1)
    return KeptLine(
        line.sku,
        line.qty_milli - back,
        line.net_fen - gone,
        "" if article is None else article.brand,
        "" if article is None else article.category,
        frozenset() if article is None else frozenset(article.tags),
    )
