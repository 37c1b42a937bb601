"""A tapped till, live: bytes decoded, jobs understood, and what is wrong with the line."""

import asyncio
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from fastapi import APIRouter, WebSocket

from edge_agent.api.dependencies import ApiDeps
from edge_agent.api.errors import fault_response
from edge_agent.api.guard import SUBPROTOCOL
from edge_agent.api.principals import Principal, Scope
from edge_agent.api.tech import Listens
from retail_core.errors import Fault

TAKE_MS = 250
SEND_TIMEOUT_S = 10
REVOKED = 1008
router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Shown:
    """Who is shown a till, and over what."""

    socket: WebSocket
    deps: ApiDeps
    caller: Principal

    @property
    def is_revoked(self) -> bool:
        """Whether the token was taken away meanwhile."""
        terminal = self.caller.terminal
        return terminal is not None and not self.deps.pairing.terminals.holds(terminal)


@router.websocket("/v1/tech/tills/{till}/watch")
async def watch(socket: WebSocket, till: UUID) -> None:
    """Send line, job, block, state and report as JSON; persons in them have stand-ins."""
    deps = cast("ApiDeps", socket.app.state.deps)
    try:
        caller = cast("Principal", socket.state.principal).require(Scope.TECH)
        listening = deps.tech.listen(till)
    except Fault as fault:
        deps.tally.count(fault.code)
        await socket.send_denial_response(fault_response(fault))
        return
    try:
        offered = socket.scope.get("subprotocols", ())
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(_tell(_Shown(socket, deps, caller), listening, till))
            gone = tasks.create_task(_until_gone(socket))
            _, left = await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
    finally:
        deps.tech.end(till, listening)


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _tell(shown: _Shown, listening: Listens, till: UUID) -> None:
    while not shown.is_revoked:
        for told in await asyncio.to_thread(listening.take, TAKE_MS):
            if told["type"] == "report":
                told.update(shown.deps.tech.beside(till))
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await shown.socket.send_json(told)
    await shown.socket.close(REVOKED)
