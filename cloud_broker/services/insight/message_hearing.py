"""Receipts and replies of providers: a message came, or did not, and who wants no more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.connectors.shape import Pushed
from cloud_broker.domain.message_receipts import Heard
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.messages import MessageState
from cloud_broker.ports.unit import Units
from cloud_broker.services.insight.contacts import Contacts
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import Channel
from retail_core.texts.faults import FaultCode

Reader = Callable[[Pushed, int], Heard]


@dataclass(frozen=True, slots=True)
class MessageHearing:
    """Takes what providers tell; `readers` are the channels that are set up."""

    units: Units
    clock: Clock
    contacts: Contacts
    readers: Mapping[Channel, Reader]

    def hear(self, tenant: UUID, channel: Channel, pushed: Pushed) -> Heard:
        """Read a call and note what it told; the same call twice changes nothing more.

        Faults MESSAGES_OFF, and those of the channel's reader.
        """
        reader = self.readers.get(channel)
        if reader is None:
            setting = "message_sms_secret" if channel == "sms" else "wechat_token"
            raise Fault(FaultCode.MESSAGES_OFF, channel=channel, setting=setting)
        now_ms = self.clock.now_ms()
        heard = reader(pushed, now_ms)
        with self.units.begin(tenant) as unit:
            for one in heard.receipts:
                state: MessageState = "delivered" if one.delivered else "failed"
                unit.messages.told(channel, one.named, state, one.reason, now_ms)
        for address in heard.stops:
            self.contacts.stop(tenant, channel, address)
        return heard
