"""What members' phones and HQ ask of signing in, consents, leaving and taking data along."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.fairness import FairnessReads
from cloud_broker.ports.privacy import PrivacyShelf
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.ports.wechat import WeChat
from cloud_broker.services.access.overview import HqQueries
from cloud_broker.services.members.consenting import Consenting
from cloud_broker.services.members.equal_treatment import EqualTreatment
from cloud_broker.services.members.exporting import PersonExport
from cloud_broker.services.members.leaving import Leavings
from cloud_broker.services.members.phone_sign_in import PhoneSignIn
from cloud_broker.services.members.phones import Phones
from cloud_broker.services.members.sms_codes import SmsCodes
from cloud_broker.services.members.wechat_binding import WeChatBinding


@dataclass(frozen=True, slots=True)
class PrivacyDesks:
    """The desks; `page_url` is where WeChat sends a phone back to.

    `wechat_writes` says whether the account she signs in by is the one that sends messages.
    """

    sign_in: PhoneSignIn
    consenting: Consenting
    leavings: Leavings
    export: PersonExport
    wechat: WeChatBinding
    shelf: PrivacyShelf
    equal: EqualTreatment
    page_url: str
    wechat_writes: bool = False


@dataclass(frozen=True, slots=True)
class Peers:
    """What the desks work with that others have, too; `wechat` is None where it is not set up."""

    units: Units
    queries: HqQueries
    clock: Clock
    ids: IdSource
    keys: KeyRing
    shelf: PrivacyShelf
    sms: SmsCodes
    wechat: WeChat | None
    tenants: Callable[[str], UUID]
    fairness: FairnessReads
    page_url: str
    wechat_writes: bool = False


def privacy_desks(peers: Peers, leavings: Leavings) -> PrivacyDesks:
    """Put the desks together."""
    units, clock, ids = peers.units, peers.clock, peers.ids
    phones = Phones(units, clock, ids)
    return PrivacyDesks(
        PhoneSignIn(units, peers.keys, peers.sms, phones, leavings, peers.tenants),
        Consenting(units, peers.queries, clock, ids),
        leavings,
        PersonExport(units, peers.shelf, clock),
        WeChatBinding(units, peers.keys, clock, peers.wechat, phones, leavings, peers.tenants),
        peers.shelf,
        EqualTreatment(peers.fairness),
        peers.page_url,
        peers.wechat_writes,
    )
