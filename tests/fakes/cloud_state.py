"""Everything one tenant has in the cloud, as plain rows for the fakes of its repositories."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.checkin_plan import NewCheckIn
from cloud_broker.domain.ingest_effects import BookedSale, FirstUse, NewConsent, NewMember
from cloud_broker.domain.points import BookedRefund, NewPosting
from cloud_broker.domain.rule_uses import Use
from cloud_broker.ports.audit import Counted
from cloud_broker.ports.catalogue import Announcement, Document, Revision
from cloud_broker.ports.faces import Decision, Proposal
from cloud_broker.ports.feed import FeedHead, FeedRow
from cloud_broker.ports.fleet import (
    DeviceState,
    NewDevice,
    NewOperator,
    NewStore,
    NewTill,
)
from cloud_broker.ports.hq import AuditEntry, AuditRow, HqUser
from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.ledger import Adjustment, DayClosed, Merge
from cloud_broker.ports.links import Link, LinkKind
from cloud_broker.ports.members import Claim
from cloud_broker.ports.phones import SaidConsent, WithdrawnConsent
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.sets import MadeSnapshot
from retail_core.loyalty.policy import LoyaltyPolicy
from tests.fakes.cloud_alerts import AlertShelf
from tests.fakes.cloud_benefits import BenefitShelf
from tests.fakes.cloud_campaigns import CampaignShelf
from tests.fakes.cloud_channels import ChannelShelf
from tests.fakes.cloud_clerks import ClerkShelf
from tests.fakes.cloud_drafts import DraftShelf
from tests.fakes.cloud_effects import EffectShelf
from tests.fakes.cloud_enrolments import EnrolShelf
from tests.fakes.cloud_evidence import EvidenceShelf
from tests.fakes.cloud_growth import GrowthShelf
from tests.fakes.cloud_health import HealthShelf
from tests.fakes.cloud_hooks import HookShelf
from tests.fakes.cloud_leases import LeaseShelf
from tests.fakes.cloud_mall import MallShelf
from tests.fakes.cloud_masters import MasterShelf
from tests.fakes.cloud_recruiting import RecruitingShelf
from tests.fakes.cloud_restores import RestoreShelf
from tests.fakes.cloud_rollouts import RolloutShelf
from tests.fakes.cloud_stock_plans import StockPlanShelf
from tests.fakes.cloud_task_shelf import TaskShelf
from tests.fakes.cloud_tills import TillShelf
from tests.fakes.cloud_twins import TwinShelf
from tests.fakes.cloud_waiting import WaitingLine


@dataclass
class HeldCheckIn:
    """A check-in and how far it came."""

    checkin: NewCheckIn
    told: bool = False
    outcome: str = ""


@dataclass
class State:
    """Everything one tenant has."""

    names: dict[str, str] = field(default_factory=dict)
    entities: dict[str, UUID] = field(default_factory=dict)
    regions: dict[str, UUID] = field(default_factory=dict)
    stores: dict[UUID, NewStore] = field(default_factory=dict)
    devices: dict[UUID, NewDevice] = field(default_factory=dict)
    retired: set[UUID] = field(default_factory=set)
    tills: dict[UUID, NewTill] = field(default_factory=dict)
    operators: dict[UUID, NewOperator] = field(default_factory=dict)
    states: dict[UUID, DeviceState] = field(default_factory=dict)
    evidence: EvidenceShelf = field(default_factory=EvidenceShelf)
    alerts: AlertShelf = field(default_factory=AlertShelf)
    hooks: HookShelf = field(default_factory=HookShelf)
    channels: ChannelShelf = field(default_factory=ChannelShelf)
    links: dict[tuple[str, LinkKind, str], Link] = field(default_factory=dict)
    health: HealthShelf = field(default_factory=HealthShelf)
    chains: dict[ChainKey, DeviceChain] = field(default_factory=dict)
    proofs: dict[bytes, FirstUse] = field(default_factory=dict)
    uses: Counter[Use] = field(default_factory=Counter)
    keys: set[tuple[str, bytes]] = field(default_factory=set)
    events: list[Arrival] = field(default_factory=list)
    sales: dict[UUID, BookedSale] = field(default_factory=dict)
    audit_due: set[UUID] = field(default_factory=set)
    placement_due: dict[UUID, int] = field(default_factory=dict)
    audit_days: dict[date, Counted] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    refunds: list[BookedRefund] = field(default_factory=list)
    postings: list[NewPosting] = field(default_factory=list)
    points_policies: list[tuple[date, LoyaltyPolicy]] = field(default_factory=list)
    adjustments: dict[UUID, Adjustment] = field(default_factory=dict)
    merges: dict[UUID, Merge] = field(default_factory=dict)
    closed: list[DayClosed] = field(default_factory=list)
    members: dict[UUID, NewMember] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)
    identities: dict[tuple[str, bytes], UUID] = field(default_factory=dict)
    cards: dict[bytes, UUID] = field(default_factory=dict)
    consents: list[NewConsent] = field(default_factory=list)
    phone_keys: dict[bytes, tuple[UUID, bytes]] = field(default_factory=dict)
    digit_secrets: dict[UUID, bytes] = field(default_factory=dict)
    revoked_keys: set[bytes] = field(default_factory=set)
    withdrawn: dict[tuple[UUID, str], WithdrawnConsent] = field(default_factory=dict)
    said: dict[tuple[UUID, str], SaidConsent] = field(default_factory=dict)
    checkins: dict[UUID, HeldCheckIn] = field(default_factory=dict)
    claims: dict[bytes, Claim] = field(default_factory=dict)
    interests: set[tuple[UUID, UUID]] = field(default_factory=set)
    seen: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    snapshots: dict[UUID, MadeSnapshot] = field(default_factory=dict)
    snapshots_wanted: dict[UUID, int] = field(default_factory=dict)
    segments: dict[tuple[UUID, bytes], tuple[int, bytes]] = field(default_factory=dict)
    feeds: dict[UUID, list[FeedRow]] = field(default_factory=dict)
    heads: dict[UUID, FeedHead] = field(default_factory=dict)
    decisions: dict[UUID, Decision] = field(default_factory=dict)
    leases: LeaseShelf = field(default_factory=LeaseShelf)
    clerks: ClerkShelf = field(default_factory=ClerkShelf)
    tills_told: TillShelf = field(default_factory=TillShelf)
    line: WaitingLine = field(default_factory=WaitingLine)
    drafts: DraftShelf = field(default_factory=DraftShelf)
    stock_plans: StockPlanShelf = field(default_factory=StockPlanShelf)
    effects: EffectShelf = field(default_factory=EffectShelf)
    twins: TwinShelf = field(default_factory=TwinShelf)
    rollouts: RolloutShelf = field(default_factory=RolloutShelf)
    enrolled: EnrolShelf = field(default_factory=EnrolShelf)
    restored: RestoreShelf = field(default_factory=RestoreShelf)
    shelf: MasterShelf = field(default_factory=MasterShelf)
    recruiting: RecruitingShelf = field(default_factory=RecruitingShelf)
    identity_since: dict[tuple[str, bytes], int] = field(default_factory=dict)
    benefits: BenefitShelf = field(default_factory=BenefitShelf)
    campaigns: CampaignShelf = field(default_factory=CampaignShelf)
    growth: GrowthShelf = field(default_factory=GrowthShelf)
    tasks: TaskShelf = field(default_factory=TaskShelf)
    mall: MallShelf = field(default_factory=MallShelf)
    proposals: dict[UUID, tuple[Proposal, str]] = field(default_factory=dict)
    requests: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    holdings: dict[tuple[UUID, UUID], tuple[UUID, int]] = field(default_factory=dict)
    receipts: dict[UUID, list[tuple[bytes, bytes, bytes]]] = field(default_factory=dict)
    erased_ms: dict[UUID, int] = field(default_factory=dict)
    repairs: dict[UUID, RepairItem] = field(default_factory=dict)
    done: dict[UUID, str] = field(default_factory=dict)
    tries: dict[UUID, int] = field(default_factory=dict)
    articles: dict[str, UUID] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    documents: dict[tuple[str, int], Document] = field(default_factory=dict)
    reckoned_ms: int | None = None
    weights: dict[str, bytes] = field(default_factory=dict)
    made_for: dict[int, date] = field(default_factory=dict)
    told: list[Announcement] = field(default_factory=list)
    waiting: list[Announcement] = field(default_factory=list)
    mapped: dict[str, str] = field(default_factory=dict)
    to_review: dict[str, int] = field(default_factory=dict)
    users: dict[str, HqUser] = field(default_factory=dict)
    sessions: dict[bytes, tuple[UUID, str, int]] = field(default_factory=dict)
    audits: list[AuditEntry] = field(default_factory=list)
    audit_rows: list[AuditRow] = field(default_factory=list)
