"""Messages of campaigns in memory, with the same rules as in PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.messages import Contact, PaceSet, Queued, Said, Template
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.insight.campaigns.plan import Channel
from tests.fakes.cloud_benefits import FakeBenefitRepo
from tests.fakes.cloud_campaigns import HeldMessage

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


class FakeMessageRepo:
    """A `MessageRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.campaigns

    def templates(self) -> tuple[Template, ...]:
        return tuple(
            sorted(self._shelf.templates.values(), key=lambda one: (one.name, one.template))
        )

    def template(self, template: UUID) -> Template | None:
        return self._shelf.templates.get(template)

    def save_template(self, template: Template) -> None:
        if template.state == "approved" and template.decided_by in {"", template.made_by}:
            raise StoreRefusedError("message_template_check")
        self._shelf.templates[template.template] = template

    def save_contact(self, contact: Contact) -> None:
        if contact.member not in self._state.members:
            raise StoreRefusedError("contact_member")
        self._shelf.contacts[contact.member, contact.channel] = contact

    def drop_contacts(self, members: Collection[UUID], channel: Channel) -> int:
        gone = [key for key in self._shelf.contacts if key[0] in members and key[1] == channel]
        for key in gone:
            del self._shelf.contacts[key]
        return len(gone)

    def members_at(self, channel: Channel, address_hash: bytes) -> tuple[UUID, ...]:
        found = [
            one.member
            for one in self._shelf.contacts.values()
            if (one.channel, one.address_hash) == (channel, address_hash)
        ]
        return tuple(sorted(found))

    def say(self, said: Sequence[Said], now_ms: int) -> None:
        self._shelf.words += [one for one in said if one.member in self._state.members]

    def said_since(self, member: UUID, purpose: str, since_ms: int) -> bool:
        return any(
            (one.member, one.kind) == (member, purpose) and one.wall_ms >= since_ms
            for one in self._shelf.words
        )

    def allowed(
        self, people: Collection[UUID], channel: Channel, purpose: str
    ) -> dict[UUID, Contact]:
        found = {}
        for person, same in FakeBenefitRepo(self._state).persons(people).items():
            newest: dict[UUID, bool] = {}
            for one in sorted(self._shelf.words, key=lambda one: (one.wall_ms, one.consent)):
                if one.member in same and one.kind == purpose:
                    newest[one.member] = one.given
            held = [
                contact
                for one in same
                if (contact := self._shelf.contacts.get((one, channel))) is not None
            ]
            if newest and all(newest.values()) and held:
                found[person] = max(held, key=lambda one: (one.member == person, one.given_ms))
        return found

    def add(self, messages: Sequence[Queued]) -> None:
        known = {
            (one.queued.campaign, one.queued.person, one.queued.channel)
            for one in self._shelf.messages.values()
        }
        for one in messages:
            if (one.campaign, one.person, one.channel) not in known:
                self._shelf.messages[one.message] = HeldMessage(one)

    def take(self, channel: Channel, now_ms: int, limit: int) -> tuple[Queued, ...]:
        due = [
            one
            for one in self._shelf.messages.values()
            if one.state == "due" and one.queued.channel == channel and one.queued.due_ms <= now_ms
        ]
        order = sorted(
            due, key=lambda one: (-one.queued.priority, one.queued.due_ms, one.queued.message)
        )
        self.take_these([one.queued.message for one in order[:limit]], now_ms)
        return tuple(one.queued for one in order[:limit])

    def take_these(self, messages: Collection[UUID], now_ms: int) -> None:
        for message in messages:
            held = self._shelf.messages[message]
            if held.state == "due":
                held.state, held.taken_ms = "sending", now_ms

    def due_of(self, people: Collection[UUID], channel: Channel) -> tuple[Queued, ...]:
        return tuple(
            one.queued
            for one in self._shelf.messages.values()
            if one.state == "due" and one.queued.person in people and one.queued.channel == channel
        )

    def sent_to(self, people: Collection[UUID], since_ms: int) -> dict[UUID, list[int]]:
        found: dict[UUID, list[int]] = {}
        for one in self._shelf.messages.values():
            gone = one.state in {"sent", "delivered", "failed", "unsure"}
            if gone and (one.taken_ms or 0) > since_ms and one.queued.person in people:
                found.setdefault(one.queued.person, []).append(one.taken_ms or 0)
        return found

    def sent_since(self, channel: Channel, minute_ms: int, day_ms: int) -> tuple[int, int]:
        taken = [
            one.taken_ms
            for one in self._shelf.messages.values()
            if one.queued.channel == channel and one.taken_ms is not None and one.state != "dropped"
        ]
        return sum(ms > minute_ms for ms in taken), sum(ms > day_ms for ms in taken)

    def later(self, message: UUID, due_ms: int, tries: int, reason: str) -> None:
        held = self._shelf.messages[message]
        if held.state == "sending":
            held.state, held.reason = "due", reason
            held.queued = replace(held.queued, due_ms=due_ms, tries=tries)

    def end(self, messages: Collection[UUID], state: str, reason: str, now_ms: int) -> None:
        for message in messages:
            held = self._shelf.messages[message]
            if held.state in {"due", "sending"}:
                held.state, held.reason = state, reason

    def sent(self, message: UUID, provider_ref: str, now_ms: int) -> None:
        held = self._shelf.messages[message]
        held.ref, held.reason = provider_ref, ""
        held.state = "sent" if held.state == "sending" else held.state

    def told(self, channel: Channel, named: str, state: str, reason: str, ms: int) -> bool:
        for message, held in self._shelf.messages.items():
            if held.queued.channel == channel and named and named in {str(message), held.ref}:
                if held.state in {"sending", "sent", "unsure"}:
                    held.state, held.reason = state, reason
                return True
        return False

    def drop_waiting(self, campaign: UUID, reason: str, now_ms: int) -> int:
        waiting = [
            message
            for message, held in self._shelf.messages.items()
            if held.queued.campaign == campaign and held.state == "due"
        ]
        self.end(waiting, "dropped", reason, now_ms)
        return len(waiting)

    def unsure(self, before_ms: int, now_ms: int) -> int:
        stuck = [
            held
            for held in self._shelf.messages.values()
            if held.state == "sending" and (held.taken_ms or 0) < before_ms
        ]
        for held in stuck:
            held.state = "unsure"
        return len(stuck)

    def pace(self, channel: Channel) -> PaceSet:
        return self._shelf.paces.get(channel, PaceSet())

    def set_pace(self, channel: Channel, pace: PaceSet, who: str, now_ms: int) -> None:
        self._shelf.paces[channel] = pace
