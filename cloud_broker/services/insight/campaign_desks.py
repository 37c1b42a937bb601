"""Campaigns, their messages and those who agreed to them together, as whoever serves them."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.messages import MessageSender
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.insight.campaign_desk import CampaignDesk
from cloud_broker.services.insight.campaign_running import CampaignRunning
from cloud_broker.services.insight.campaign_sending import CampaignSending
from cloud_broker.services.insight.contacts import Contacts
from cloud_broker.services.insight.message_hearing import MessageHearing, Reader
from cloud_broker.services.insight.templates_desk import TemplateDesk
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.insight.campaigns.plan import Channel


@dataclass(frozen=True, slots=True)
class Providers:
    """The channels that are set up, both ways."""

    senders: Mapping[Channel, MessageSender]
    readers: Mapping[Channel, Reader]


@dataclass(frozen=True, slots=True)
class CampaignDesks:
    """What HQ, members' pages and providers ask, and what runs beside."""

    campaigns: CampaignDesk
    templates: TemplateDesk
    contacts: Contacts
    hearing: MessageHearing
    running: CampaignRunning
    sending: CampaignSending


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose days and whose name."""

    zone: str
    name: str


def campaign_desks_of(
    units: Units, clock: Clock, ids: IdSource, keys: KeyRing, brand: Brand, providers: Providers
) -> CampaignDesks:
    """Put them together over the same rules."""
    rules = RulesInForce(brand.zone)
    contacts = Contacts(units, keys, clock, ids)
    return CampaignDesks(
        CampaignDesk(units, clock, ids, rules),
        TemplateDesk(units, clock, ids),
        contacts,
        MessageHearing(units, clock, contacts, providers.readers),
        CampaignRunning(units, clock, ids, keys, rules, brand.zone, brand.name),
        CampaignSending(units, clock, ids, keys, rules, providers.senders),
    )
