"""Pairing a terminal, and the terminals that are paired."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from edge_agent.api.dependencies import ApiDeps, Deps, SignedIn, needs
from edge_agent.api.models.pairing import (
    ClaimAnswered,
    ClaimAsked,
    ConfirmAsked,
    PairAnswered,
    PairAsked,
    PairingAnswered,
    TerminalsAnswered,
    TerminalView,
    TokenAnswered,
    WindowOpened,
)
from edge_agent.api.operators import OperatorIdentity, of_role
from edge_agent.api.pairing_views import provisioned_view, terminal_view, window_view
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.terminals import SCOPES
from edge_agent.services.box.pairing import Grant, Wish
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

router = APIRouter(tags=["terminals"])
ROLES = frozenset({"manager", "technician"})
IN_CHARGE = Words("a manager or technician", "店长或技术员")
POLL_MS = 2_000
RATE_KEY = "pair"
MayManage = Annotated[Principal, Depends(needs(Scope.TERMINALS))]
Itself = Annotated[Principal, Depends(needs(Scope.SELF))]


async def in_charge(operator: SignedIn) -> OperatorIdentity:
    """Return the signed-in manager or technician; raises Fault MANAGER_NEEDED."""
    return of_role(operator, ROLES, IN_CHARGE)


InCharge = Annotated[OperatorIdentity, Depends(in_charge)]


@router.post("/v1/pairing")
def open_window(deps: Deps, _by: InCharge, _caller: MayManage) -> WindowOpened:
    """Open a pairing window for ten minutes; the answer holds the code to read to the terminal."""
    return WindowOpened.model_validate(deps.pairing.begin())


@router.get("/v1/pairing")
def look(deps: Deps, _by: InCharge, _caller: MayManage) -> PairingAnswered:
    """Show the window and who asks: name, page, address and the four digits on its display."""
    return window_view(deps.pairing.seen())


@router.post("/v1/pairing/confirm")
def confirm(asked: ConfirmAsked, deps: Deps, by: InCharge, caller: MayManage) -> TerminalView:
    """Say yes to the terminal seen; only then does a token exist."""
    _check(deps, asked, caller)
    scopes = None if asked.scopes is None else frozenset(asked.scopes)
    grant = Grant(by.operator_id, scopes, asked.till, asked.lane)
    return terminal_view(deps.pairing.confirm(asked.request_id, grant))


@router.delete("/v1/pairing")
def close(deps: Deps, _by: InCharge, _caller: MayManage) -> PairingAnswered:
    """Close the window: whoever asked is refused."""
    deps.pairing.close()
    return window_view(None)


@router.post("/v1/pair")
def pair(asked: PairAsked, deps: Deps, request: Request) -> PairAnswered:
    """Ask to be paired, with the code of the open window; no token needed."""
    deps.rate.take(RATE_KEY)
    origin = request.headers.get("origin", "").lower() or None
    if asked.origin is not None and origin not in {None, asked.origin.lower()}:
        raise Fault(
            FaultCode.API_BODY_INVALID,
            detail=Words("origin: not the page that asks", "origin:不是来问的网页"),
        )
    wish = Wish(
        name=asked.name,
        kind=asked.kind,
        origin=origin or (asked.origin.lower() if asked.origin else None),
        address=request.client.host if request.client else "",
        till=asked.till,
        lane=asked.lane,
    )
    asking = deps.pairing.ask(asked.code, wish)
    seen = deps.pairing.seen()
    return PairAnswered(
        claim=asking.claim,
        check=asking.check,
        expires_s=0 if seen is None else seen.expires_s,
        poll_ms=POLL_MS,
    )


@router.post("/v1/pair/claim")
def claim(asked: ClaimAsked, deps: Deps) -> ClaimAnswered:
    """Ask for the token; `waiting` until a manager has said yes at the till screen."""
    released = deps.pairing.collect(asked.claim)
    if released is None:
        return ClaimAnswered(state="waiting")
    for terminal in released.gone:
        deps.hub.dismiss(terminal)
    return ClaimAnswered(
        state="paired", token=released.token, terminal=terminal_view(released.terminal)
    )


@router.get("/v1/terminals")
def terminals(deps: Deps, _caller: MayManage) -> TerminalsAnswered:
    """List who may call: the terminals of HQ's device file, and those paired here."""
    paired = tuple(map(terminal_view, deps.pairing.terminals.all()))
    return TerminalsAnswered(terminals=(*map(provisioned_view, deps.provisioned), *paired))


@router.get("/v1/terminals/self")
def myself(deps: Deps, caller: Itself) -> TerminalView:
    """Say who the calling token belongs to, and what it may do."""
    for one in deps.pairing.terminals.all():
        if one.terminal_id == caller.terminal:
            return terminal_view(one)
    return provisioned_view(caller)


@router.post("/v1/terminals/self/token")
def renew(deps: Deps, caller: Itself) -> TokenAnswered:
    """Hand a paired terminal its next token; the present one counts until that is first used."""
    if caller.terminal is None:
        raise Fault(FaultCode.API_NOT_FOUND, what="paired terminal")
    return TokenAnswered(token=deps.pairing.terminals.renew(caller.terminal))


@router.delete("/v1/terminals/{terminal_id}")
def revoke(terminal_id: UUID, deps: Deps, _by: InCharge, _caller: MayManage) -> TerminalView:
    """Take a terminal's token away, at once: its open event sockets are closed too."""
    gone = deps.pairing.terminals.revoke(terminal_id)
    deps.hub.dismiss(terminal_id)
    return terminal_view(gone)


def _check(deps: ApiDeps, asked: ConfirmAsked, caller: Principal) -> None:
    """Refuse a till or a lane that is not here, and more than a terminal's kind may have."""
    seen = deps.pairing.seen()
    if seen is None or seen.asking is None:
        return
    wish = seen.asking.wish
    if till := asked.till or wish.till:
        deps.visits.at(till)
    if lane := asked.lane or wish.lane:
        deps.visits.place(lane, caller)
    beyond = set(asked.scopes or ()) - SCOPES[wish.kind]
    if beyond:
        named = ", ".join(sorted(beyond))
        detail = Words(f"scopes: not for this kind: {named}", f"scopes:这种终端没有 {named}")
        raise Fault(FaultCode.API_BODY_INVALID, detail=detail)
