"""What routes ask for: the agent's parts, who calls, which operator, which intended write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Header, Request
from fastapi.requests import HTTPConnection

from edge_agent.api.after_sale import AfterSale
from edge_agent.api.basket_desk import BasketDesk
from edge_agent.api.counter import CardDesk, Counter
from edge_agent.api.deadline import Deadline
from edge_agent.api.device_desk import DeviceDesk
from edge_agent.api.growth import Growth
from edge_agent.api.hub import EventHub
from edge_agent.api.idempotency import HEADER, OnceDesk, OnceKey, once_key
from edge_agent.api.operators import OperatorDesk, OperatorIdentity
from edge_agent.api.principals import Principal, Scope
from edge_agent.api.rate import LookupRate
from edge_agent.api.recruiting import Recruiting
from edge_agent.api.tech import Tech
from edge_agent.api.turning import TurnCounter
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.api.wellbeing import Wellbeing
from edge_agent.domain.ledger import LedgerView
from edge_agent.domain.line_doctor import LineFacts
from edge_agent.ports.arrays import UInt8s
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.services.box.diag import Diagnostics
from edge_agent.services.box.health_watch import HealthWatch
from edge_agent.services.box.pairing import Pairing
from edge_agent.services.box.update_parts import UpdateStatus
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.members.enrol import Enrol
from edge_agent.services.members.member_export import MemberExport
from edge_agent.services.members.members import Members
from edge_agent.services.members.reissue import ReissuePhone
from edge_agent.services.recognition.consents import Consents
from edge_agent.services.recognition.enrol_face import EnrolFace
from edge_agent.services.recognition.face_leave import FaceLeave
from edge_agent.services.recognition.identify import Identify
from edge_agent.services.recognition.rotate_faces import RotateFaces
from edge_agent.services.shop.suggestions import Suggestions
from edge_agent.services.tills.book_tapped import BookTapped
from edge_agent.services.tills.lessons import Lessons
from edge_agent.services.tills.write_permit import WritePermit
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class LaneDesk:
    """What one lane does for who calls."""

    identify: Identify
    cards: CardDesk
    enrol_face: EnrolFace


@dataclass(frozen=True, slots=True)
class ApiDeps:
    """Everything the routes use; built once in `bootstrap`."""

    version: str
    clock: Clock
    ids: IdSource
    tally: FaultTally
    hub: EventHub
    desk: OperatorDesk
    once: OnceDesk
    views: Views
    visits: Visits
    counter: Counter
    lanes: Mapping[str, LaneDesk]
    rate: LookupRate
    members: Members
    sales: CloseSale
    baskets: BasketDesk
    enrol: Enrol
    consents: Consents
    leave: FaceLeave
    export: MemberExport
    reissue: ReissuePhone
    rotation: RotateFaces
    decode_picture: Callable[[bytes], UInt8s]
    tapped: BookTapped
    ledger: Callable[[], LedgerView]
    turns: TurnCounter
    wellbeing: Wellbeing
    after: AfterSale
    pairing: Pairing
    provisioned: tuple[Principal, ...]
    recruiting: Recruiting
    growth: Growth
    suggestions: Suggestions
    permit: WritePermit
    tech: Tech
    line: Callable[[], LineFacts]
    devices: DeviceDesk
    health: HealthWatch
    diag: Diagnostics
    lessons: Lessons
    updates: Callable[[], UpdateStatus | None]


IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias=HEADER,
        description="mandatory; one for each intended write, 8 to 128 letters, digits and ._:-",
    ),
]
OperatorHeader = Annotated[
    str | None, Header(description="the operator token of `/v1/operators/login`", max_length=200)
]


async def deps_of(request: Request) -> ApiDeps:
    """Return the parts the app was built with (async: a plain function costs a thread's turn)."""
    return cast("ApiDeps", request.app.state.deps)


class needs:  # noqa: N801 - reads as a word in `Depends(needs(Scope.SELL))`
    """The caller, provided the token may do this."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, request: HTTPConnection) -> Principal:
        """Return the caller; raises Fault API_SCOPE_MISSING."""
        principal = getattr(request.state, "principal", None)
        if not isinstance(principal, Principal):
            raise Fault(FaultCode.API_TOKEN_MISSING)
        return principal.require(self.scope)


async def once_of(request: Request, key: IdempotencyHeader = None) -> OnceKey:
    """Read the mandatory idempotency key of a write; raises API_IDEMPOTENCY_KEY_MISSING."""
    return await once_key(request, key or "", request.state.principal)


async def budget_of(request: Request) -> Deadline:
    """Return how long the caller still waits."""
    return cast("Deadline", request.state.deadline)


async def operator_of(deps: "Deps", x_operator: OperatorHeader = None) -> OperatorIdentity:
    """Return the signed-in operator; raises Fault API_OPERATOR_NEEDED."""
    return deps.desk.operator(x_operator)


async def optional_operator_of(
    deps: "Deps", x_operator: OperatorHeader = None
) -> OperatorIdentity | None:
    """Return the signed-in operator, or None when no operator token came."""
    return deps.desk.operator(x_operator) if x_operator else None


Deps = Annotated[ApiDeps, Depends(deps_of)]
Budget = Annotated[Deadline, Depends(budget_of)]
Once = Annotated[OnceKey, Depends(once_of)]
SignedIn = Annotated[OperatorIdentity, Depends(operator_of)]
MaybeSignedIn = Annotated[OperatorIdentity | None, Depends(optional_operator_of)]
