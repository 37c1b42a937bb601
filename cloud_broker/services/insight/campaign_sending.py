"""The governed sender: one thread, one brand's pace, never at night, never twice, never unasked.

Whether somebody may be written to is looked at when a message goes, not when it was planned. No
transaction is open while one is on its way. What was handed over when this program died is given up
as unsure: an advertisement that is missing costs less than one that comes twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cloud_broker.domain.contacts import PURPOSES, unseal
from cloud_broker.domain.tries import next_try_ms
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.messages import (
    Contact,
    MessageSender,
    Outgoing,
    PaceSet,
    Queued,
    Template,
)
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.errors import Fault
from retail_core.insight.campaigns.pacing import (
    DAY_MS,
    MINUTE_MS,
    DueMessage,
    coalesced,
    room,
    within_cap,
)
from retail_core.insight.campaigns.plan import Channel
from retail_core.insight.campaigns.templates import filled
from retail_core.texts.faults import FaultCode

PIECE: Final = 20
# Longer than a provider may take for all of a piece.
TAKEN_MS: Final = 15 * 60_000
REASON_CHARS_MAX: Final = 200
_PERMILLE: Final = 1_001


@dataclass(frozen=True, slots=True)
class _Ready:
    message: Queued
    contact: Contact
    template: Template


@dataclass(frozen=True, slots=True)
class CampaignSending:
    """For one thread; `senders` are the channels that are set up."""

    units: Units
    clock: Clock
    ids: IdSource
    keys: KeyRing
    rules: RulesInForce
    senders: Mapping[Channel, MessageSender]

    def run(self, tenant: UUID) -> int:
        """Send a piece of what is due by each channel; return how many went."""
        return sum(self._channel(tenant, channel) for channel in self.senders)

    # ---- inside ---------------------------------------------------------------------------------

    def _channel(self, tenant: UUID, channel: Channel) -> int:
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            unit.messages.unsure(now_ms - TAKEN_MS, now_ms)
            paced = unit.messages.pace(channel)
            if paced.quiet.holds(self.rules.local(now_ms)):
                return 0
            sent = unit.messages.sent_since(channel, now_ms - MINUTE_MS, now_ms - DAY_MS)
            may = min(PIECE, room(paced.pace, *sent))
            taken = unit.messages.take(channel, now_ms, may) if may else ()
            ready = self._ready(unit, channel, taken, paced) if taken else []
        for nth, one in enumerate(ready):
            if not self._send(tenant, one):
                # One that does not answer is not asked for each of the others, too.
                self._put_back(tenant, [rest.message for rest in ready[nth + 1 :]])
                return nth
        return len(taken)

    def _ready(
        self, unit: Unit, channel: Channel, taken: Sequence[Queued], paced: PaceSet
    ) -> list[_Ready]:
        """Leave out what is late, one too many, or to somebody who does not want it any more."""
        now_ms = self.clock.now_ms()
        people = {one.person for one in taken}
        waiting = (*taken, *unit.messages.due_of(people, channel))
        late = {one.message for one in waiting if one.until_ms <= now_ms}
        unit.messages.end(late, "dropped", "late", now_ms)
        going, dropped = coalesced(
            [
                DueMessage(one.message, one.campaign, one.person, one.priority, one.made_ms)
                for one in waiting
                if one.message not in late
            ]
        )
        unit.messages.end(dropped.keys(), "dropped", "coalesced", now_ms)
        goes = {one.message for one in going}
        chosen = [one for one in waiting if one.message in goes]
        since = now_ms - paced.pace.person_days * DAY_MS
        before = unit.messages.sent_to(people, since)
        full = {
            one.message
            for one in chosen
            if not within_cap(paced.pace, before.get(one.person, ()), now_ms)
        }
        unit.messages.end(full, "dropped", "cap", now_ms)
        allowed = unit.messages.allowed(people, channel, PURPOSES[channel])
        unasked = {one.message for one in chosen if one.person not in allowed} - full
        unit.messages.end(unasked, "dropped", "no consent", now_ms)
        templates = {one.template: one for one in unit.messages.templates()}
        left = [one for one in chosen if one.message not in full | unasked]
        withdrawn = {one.message for one in left if templates[one.template].state != "approved"}
        unit.messages.end(withdrawn, "dropped", "template ended", now_ms)
        # One that waited for later goes now in the place of a less urgent one.
        early = {one.message for one in left} - {one.message for one in taken} - withdrawn
        unit.messages.take_these(early, now_ms)
        return [
            _Ready(one, allowed[one.person], templates[one.template])
            for one in left
            if one.message not in withdrawn
        ]

    def _send(self, tenant: UUID, one: _Ready) -> bool:
        """Hand one over; False when its provider could not be reached."""
        message, now = one.message, self.clock.now_ms
        keys = self.keys.keys(tenant)
        try:
            address = unseal(
                keys.bundle_seed, one.contact.member, message.channel, one.contact.sealed
            )
            text = filled(one.template.body, message.fills)
            code = one.template.provider_code
            ref = self.senders[message.channel].send(
                Outgoing(message.message, address, text, code, message.fills)
            )
        except Fault as fault:
            reason = str(fault.fields.get("reason", fault.code.value))[:REASON_CHARS_MAX]
            again = fault.code is FaultCode.MESSAGE_NOT_SENT
            with self.units.begin(tenant) as unit:
                self._failed(unit, message, reason, again=again)
            return not again
        with self.units.begin(tenant) as unit:
            unit.messages.sent(message.message, ref, now())
        return True

    def _failed(self, unit: Unit, message: Queued, reason: str, *, again: bool) -> None:
        now_ms, tries = self.clock.now_ms(), message.tries + 1
        drawn = int.from_bytes(self.ids.random_bytes(2), "big") % _PERMILLE
        wait = next_try_ms(tries, drawn) if again else None
        if wait is None or now_ms + wait >= message.until_ms:
            unit.messages.end([message.message], "failed", reason, now_ms)
        else:
            unit.messages.later(message.message, now_ms + wait, tries, reason)

    def _put_back(self, tenant: UUID, messages: Sequence[Queued]) -> None:
        if messages:
            with self.units.begin(tenant) as unit:
                for one in messages:
                    unit.messages.later(one.message, one.due_ms, one.tries, "")
