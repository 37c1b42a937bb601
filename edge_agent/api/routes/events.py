"""Live events over a WebSocket."""

import asyncio
from typing import Annotated, cast

from fastapi import APIRouter, Query, WebSocket

from edge_agent.api.dependencies import ApiDeps
from edge_agent.api.errors import fault_response
from edge_agent.api.guard import SUBPROTOCOL
from edge_agent.api.hub import Subscription
from edge_agent.api.models.base import WhereOrHere
from edge_agent.api.principals import Principal, Scope
from retail_core.errors import Fault

TRY_LATER = 1013
SEND_TIMEOUT_S = 10
LastHeard = Annotated[
    int | None, Query(ge=0, description="`event_no` of the last event heard: what was missed comes")
]
router = APIRouter()


@router.websocket("/v1/events")
async def events(socket: WebSocket, lane: WhereOrHere = None, after: LastHeard = None) -> None:
    """Send a lane's recognition, member, basket, sale, tapped, enrol_hint … events as JSON.

    And the shop's health; what happens at another lane is never sent.
    """
    deps = cast("ApiDeps", socket.app.state.deps)
    try:
        caller = cast("Principal", socket.state.principal).require(Scope.EVENTS)
        here = deps.visits.place(lane, caller).lane
    except Fault as fault:
        deps.tally.count(fault.code)
        await socket.send_denial_response(fault_response(fault))
        return
    offered = socket.scope.get("subprotocols", ())
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    client = deps.hub.subscribe(here, caller.terminal, after)
    if client is None:
        await socket.close(TRY_LATER)
        return
    if _was_revoked(deps, caller):
        client.end()
    try:
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(_until_gone(socket))
            writing = tasks.create_task(_forward(socket, client))
            done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            for task in {reading, writing} - done:
                task.cancel()
    finally:
        deps.hub.unsubscribe(client)


def _was_revoked(deps: ApiDeps, caller: Principal) -> bool:
    """Look again once the client is on the list: a token may have been taken away meanwhile."""
    return caller.terminal is not None and not deps.pairing.terminals.holds(caller.terminal)


async def _until_gone(socket: WebSocket) -> None:
    """Clients only listen; what they send is read and dropped, so that their going is seen."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _forward(socket: WebSocket, client: Subscription) -> None:
    try:
        while (message := await client.queue.get()) is not None:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await socket.send_text(message.decode())
    except TimeoutError:
        pass  # it takes nothing any more: closed like one whose queue is full
    await socket.close(TRY_LATER)
