"""What stands behind the console's pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cloud_broker.ports.live import LiveHub
from cloud_broker.services.access.oidc import OidcDesk
from cloud_broker.services.access.overview import HqAuth, HqDesk, HqQueries
from cloud_broker.services.access.partners import Partners
from cloud_broker.services.faces.face_desk import FaceDesk
from cloud_broker.services.faces.faces import FaceOffice
from cloud_broker.services.fleet.alert_desk import AlertDesk
from cloud_broker.services.fleet.box_desk import BoxDesk
from cloud_broker.services.fleet.desks import FleetDesks
from cloud_broker.services.fleet.store_health import StoreHealth
from cloud_broker.services.goods.office import MasterOffice
from cloud_broker.services.growth.mall_shelf import MallShelf
from cloud_broker.services.growth.tier_desk import GrowthDesk
from cloud_broker.services.hq.audit_desk import AuditDesk
from cloud_broker.services.hq.clerk_desk import ClerkDesk
from cloud_broker.services.hq.till_desk import TillDesk
from cloud_broker.services.hq.user_desk import UserDesk
from cloud_broker.services.insight.campaign_desks import CampaignDesks
from cloud_broker.services.insight.identity_desk import IdentityDesk
from cloud_broker.services.insight.insight_desks import InsightDesks
from cloud_broker.services.insight.segmenting import Segmenting
from cloud_broker.services.insight.stock_desk import StockDesk
from cloud_broker.services.members.privacy_desks import PrivacyDesks
from cloud_broker.services.outward.exporting import ExportShelf
from cloud_broker.services.outward.hook_desk import HookDesk
from cloud_broker.services.rules.desks import RuleDesks


@dataclass(frozen=True, slots=True)
class ConsoleDeps:
    """What the console gets from the composition root: `pages.console_router(deps)`.

    All but the hub block (call them from sync endpoints or a thread). `now_ms` is the cloud's wall
    clock; pages and exports write times in `zone`.
    """

    queries: HqQueries
    auth: HqAuth
    desk: HqDesk
    faces: FaceOffice
    face_desk: FaceDesk
    clerks: ClerkDesk
    growth: GrowthDesk
    tills: TillDesk
    health: StoreHealth
    alerts: AlertDesk
    fleet: FleetDesks
    users: UserDesk
    audits: AuditDesk
    mall: MallShelf
    masters: MasterOffice
    rules: RuleDesks
    campaigns: CampaignDesks
    stock: StockDesk
    segments: Segmenting
    identity: IdentityDesk
    partners: Partners
    hooks: HookDesk
    privacy: PrivacyDesks
    hub: LiveHub
    now_ms: Callable[[], int]
    cookie_name: str = "regulars_hq"
    cookie_secure: bool = False
    session_s: int = 12 * 3600
    zone: str = "Asia/Shanghai"
    boxes: BoxDesk | None = None
    exports: ExportShelf | None = None
    oidc: OidcDesk | None = None
    insight: InsightDesks | None = None
    by_password: bool = True
    links: Mapping[str, str] = field(default_factory=dict)
