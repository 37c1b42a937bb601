"""What the cloud's HTTP application works with, over a store in memory."""

from cloud_broker.api.deps import ApiDeps
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqQueries
from cloud_broker.services.access.people import HqAccess
from cloud_broker.services.faces.faces import FaceOffice
from cloud_broker.services.fleet.box_word import BoxWord
from cloud_broker.services.fleet.desks import fleet_desks
from cloud_broker.services.fleet.devices import Devices
from cloud_broker.services.goods.back_office import BackOffice, back_office
from cloud_broker.services.growth.desks import growth_desks
from cloud_broker.services.insight.channels import channels
from cloud_broker.services.line.signed_time import TimeTeller
from cloud_broker.services.members.checkins import CheckIns
from cloud_broker.services.members.member_desk import MemberDesk
from cloud_broker.services.members.members import Members
from cloud_broker.services.members.phones import Phones
from cloud_broker.services.members.receipt_bills import ReceiptBills
from cloud_broker.services.members.receipt_claims import ReceiptClaims
from cloud_broker.services.members.receipt_look_up import ReceiptLookUp
from cloud_broker.services.persons.person_filters import PersonFilters
from cloud_broker.services.rights.rights_desk import rights_desk
from retail_core.tally import FaultTally
from tests.factories.campaigns import campaigns_of
from tests.factories.rule_desk import rules_of
from tests.factories.stock_desk import stock_desk_of
from tests.fakes.cloud_basics import (
    FakeCloudClock,
    FakeCloudIdSource,
    FakeKeyRing,
    FakePasswords,
)
from tests.fakes.cloud_evidence import identity_of
from tests.fakes.cloud_hq import NotingDesk
from tests.fakes.cloud_privacy import privacy_of
from tests.fakes.cloud_recruiting import sms_codes
from tests.fakes.cloud_segments import segmenting

HOST = "cloud.test"


def api_deps(
    units: Units,
    clock: FakeCloudClock,
    tally: FaultTally,
    queries: HqQueries,
    desk: NotingDesk,
    office: BackOffice | None = None,
) -> ApiDeps:
    """Return every part; `deps.auth` is the real one over the same store."""
    ids = FakeCloudIdSource(clock)
    return ApiDeps(
        devices=Devices(units),
        members=Members(units, clock),
        faces=FaceOffice(units, clock, ids, FakeKeyRing()),
        phones=Phones(units, clock, ids),
        checkins=CheckIns(units, clock, ids),
        member_desk=MemberDesk(units, queries, clock, ids),
        receipts=ReceiptLookUp(units),
        receipt_claims=ReceiptClaims(units, clock),
        receipt_bills=ReceiptBills(units),
        rights=rights_desk(units, clock),
        box_words=BoxWord(units, clock),
        fleet=fleet_desks(units, clock, ids, tuple),
        rules=rules_of(units, clock),
        stock=stock_desk_of(units, clock),
        time=TimeTeller(clock, FakeKeyRing()),
        sms=sms_codes(units, clock, ids),
        person_filters=PersonFilters(units, clock),
        growth=growth_desks(units, clock, ids, FakeKeyRing(), "Asia/Shanghai"),
        office=office or back_office(units, clock, ids, FakeKeyRing()),
        channels=channels(units, clock, ids, FakeKeyRing(), "Asia/Shanghai"),
        campaigns=campaigns_of(units, clock),
        segments=segmenting(clock),
        identity=identity_of(units, clock),
        queries=queries,
        auth=HqAccess(units, clock, ids, FakePasswords()),
        desk=desk,
        clock=clock,
        ids=ids,
        tally=tally,
        hosts=frozenset({HOST}),
        software="1.2",
        privacy=privacy_of(units, clock, ids, queries),
    )
