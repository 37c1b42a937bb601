"""Can this shop sell, and what is missing."""

from typing import Literal
from uuid import UUID

from edge_agent.api.models.base import Answered
from edge_agent.api.models.identify import ReasonView
from edge_agent.domain.walk_up import WalkUpState


class ShadowView(Answered):
    """A candidate embedder beside the acting one: how often it would have decided otherwise.

    `learning`: visits of members of whom it has not seen enough yet; `dropped`: frames it was too
    busy for. Counts since the start; nothing of anybody is stored.
    """

    model_id: str
    agree: int
    would_accept_other: int
    would_miss: int
    learning: int
    dropped: int


class SuccessionView(Answered):
    """The way from one embedder to the next: how many members have templates of the new one."""

    from_model_id: str
    done: int
    pending: int
    erased: int
    ends_ms: int


class FaceHealth(Answered):
    """How faces are judged here; no member's data.

    `expected_fpir`: the share of strangers, of one frame each, that the calibration lets one expect
    to be taken for a member. `promised`: whether that meets the target. `bundle_version` is that of
    the signed models in use, `bundle_waiting` of newer ones which the next start takes (0: none).
    """

    model_id: str
    bundle_version: int = 0
    bundle_waiting: int = 0
    awaiting_sign_off: tuple[str, ...]
    members: int
    threshold: float
    expected_fpir: float
    promised: bool
    shadow: ShadowView | None = None
    succession: SuccessionView | None = None


class LaneView(Answered):
    """A counter of this box; the states of its devices stand in `devices` as `camera@id`.

    `walk_up`: whether it looks at who walks up: `off` without HQ's leave, `no_camera`, `no_zone`
    without a drawn zone, `unheard` when HQ was silent for three days, `resting` while somebody is
    served, `on`.
    """

    id: str
    name: str
    walk_up: WalkUpState = "off"


class HealthAnswered(Answered):
    """The box's state; no member's data.

    `devices`: the worst state of each kind; with several lanes, each lane's own as well. `training`
    names the lanes where clerks practise and nothing is booked.
    """

    state: Literal["ok", "degraded", "cannot", "gone"]
    can_sell: bool
    reasons: tuple[ReasonView, ...]
    store: UUID
    store_name: str
    devices: dict[str, str]
    cloud_seen_ms: int | None
    outbox_depth: int
    feed_pos: int
    members: int
    faults: dict[str, int]
    faces: FaceHealth | None
    versions: dict[str, str]
    lanes: tuple[LaneView, ...]
    training: tuple[str, ...] = ()
