"""The cloud's store in memory; a unit works on a copy, so that a failed one leaves no trace."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from threading import RLock
from uuid import UUID

from cloud_broker.ports.live import LiveEvent
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_alerts import FakeAlertRepo
from tests.fakes.cloud_audit import FakeAuditRepo
from tests.fakes.cloud_benefits import FakeBenefitRepo
from tests.fakes.cloud_campaign_messages import FakeMessageRepo
from tests.fakes.cloud_campaigns import FakeCampaignRepo
from tests.fakes.cloud_channels import (
    FakeChannelOrderRepo,
    FakeCollectionRepo,
    FakeFileImportRepo,
    FakeMoverRepo,
)
from tests.fakes.cloud_clerks import FakeClerkRepo, FakeReceiptRepo
from tests.fakes.cloud_drafts import FakeDraftRepo
from tests.fakes.cloud_effects import FakeEffectRepo
from tests.fakes.cloud_enrolments import FakeEnrolmentRepo
from tests.fakes.cloud_events import FakeFeedRepo, FakeJournalRepo, FakeMemberRepo, FakeRepairRepo
from tests.fakes.cloud_evidence import FakeEvidenceRepo, FakeLikenessRepo
from tests.fakes.cloud_exports import FakeExportRepo
from tests.fakes.cloud_faces import FakeFaceRepo
from tests.fakes.cloud_growth import FakeGrowthRepo, FakeProfileRepo
from tests.fakes.cloud_health import FakeHealthRepo
from tests.fakes.cloud_hooks import FakeHookRepo
from tests.fakes.cloud_leases import FakeLeaseRepo
from tests.fakes.cloud_ledger import FakeClosingRepo, FakeLedgerRepo, FakePointsDeskRepo
from tests.fakes.cloud_links import FakeLinkRepo
from tests.fakes.cloud_mall import FakeMallRepo
from tests.fakes.cloud_masters import (
    FakeInsightRepo,
    FakeMasterRepo,
    FakePartnerRepo,
    FakeStockRepo,
)
from tests.fakes.cloud_office import FakeCatalogueRepo, FakeFleetRepo, FakeHqRepo
from tests.fakes.cloud_phones import FakePhoneRepo
from tests.fakes.cloud_placements import FakePlacementRepo
from tests.fakes.cloud_recruiting import FakePersonFilterRepo, FakeSmsRepo
from tests.fakes.cloud_restores import FakeRestoreRepo
from tests.fakes.cloud_rollouts import FakeRolloutRepo
from tests.fakes.cloud_sets import FakeSetRepo
from tests.fakes.cloud_state import State
from tests.fakes.cloud_stock_plans import FakeStockPlanRepo
from tests.fakes.cloud_tasks import FakeTaskRepo
from tests.fakes.cloud_tills import FakeTillRepo
from tests.fakes.cloud_twins import FakeOrderRepo, FakeTwinRepo
from tests.fakes.cloud_waiting import FakeWaitingRepo


class FakeUnit:
    """A `Unit` over one tenant's state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.fleet = FakeFleetRepo(state)
        self.journal = FakeJournalRepo(state)
        self.collection = FakeCollectionRepo(state)
        self.campaigns, self.messages = FakeCampaignRepo(state), FakeMessageRepo(state)
        self.channel_orders = FakeChannelOrderRepo(state)
        self.file_imports = FakeFileImportRepo(state)
        self.movers = FakeMoverRepo(state)
        self.members = FakeMemberRepo(state)
        self.phones = FakePhoneRepo(state)
        self.feed = FakeFeedRepo(state)
        self.sets = FakeSetRepo(state)
        self.repair = FakeRepairRepo(state)
        self.catalogue = FakeCatalogueRepo(state)
        self.masters = FakeMasterRepo(state)
        self.stock, self.partners = FakeStockRepo(state), FakePartnerRepo(state)
        self.stock_plans = FakeStockPlanRepo(state)
        self.insight = FakeInsightRepo(state)
        self.audit = FakeAuditRepo(state)
        self.hq = FakeHqRepo(state)
        self.faces = FakeFaceRepo(state)
        self.ledger = FakeLedgerRepo(state)
        self.points_desk = FakePointsDeskRepo(state)
        self.closing = FakeClosingRepo(state)
        self.leases = FakeLeaseRepo(state)
        self.receipts = FakeReceiptRepo(state)
        self.clerks = FakeClerkRepo(state)
        self.tills = FakeTillRepo(state)
        self.waiting = FakeWaitingRepo(state.line)
        self.placements = FakePlacementRepo(state)
        self.benefits = FakeBenefitRepo(state)
        self.growth, self.profiles = FakeGrowthRepo(state), FakeProfileRepo(state)
        self.sms = FakeSmsRepo(state)
        self.person_filters = FakePersonFilterRepo(state)
        self.tasks = FakeTaskRepo(state)
        self.mall = FakeMallRepo(state)
        self.restores = FakeRestoreRepo(state)
        self.rollouts = FakeRolloutRepo(state)
        self.drafts = FakeDraftRepo(state)
        self.effects = FakeEffectRepo(state)
        self.enrolments = FakeEnrolmentRepo(state, self.fleet)
        self.health = FakeHealthRepo(state)
        self.alerts, self.hooks = FakeAlertRepo(state), FakeHookRepo(state)
        self.evidence = FakeEvidenceRepo(state)
        self.likenesses = FakeLikenessRepo(state)
        self.exports = FakeExportRepo(state)
        self.links = FakeLinkRepo(state)
        self.twins, self.orders = FakeTwinRepo(state), FakeOrderRepo(state)
        self.said: list[LiveEvent] = []

    def ahead(self, *reads: Callable[[], object]) -> None:
        """Nothing is far away here."""

    def announce(self, event: LiveEvent) -> None:
        self.said.append(event)


class FakeUnits:
    """`Units` in memory; `down` makes every transaction fail as an unreachable database does."""

    def __init__(self) -> None:
        self.states: dict[UUID, State] = {}
        self.said: list[LiveEvent] = []
        self.down = False
        # Two at a time would each put back what the other had not yet done.
        self._one_at_a_time = RLock()

    @contextmanager
    def begin(self, tenant: UUID) -> Iterator[FakeUnit]:
        if self.down:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        with self._one_at_a_time:
            unit = FakeUnit(deepcopy(self.states.get(tenant, State())))
            yield unit
            self.states[tenant] = unit.state
            self.said += unit.said

    def tenant(self, slug: str) -> UUID | None:
        found = [tenant for tenant, state in self.states.items() if not slug or slug in state.names]
        return found[0] if len(found) == 1 else None

    def tenants(self) -> tuple[UUID, ...]:
        return tuple(sorted(tenant for tenant, state in self.states.items() if state.names))
