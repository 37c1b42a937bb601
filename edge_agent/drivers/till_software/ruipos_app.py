"""Where the till's software calls in: its own door, its own secret, only from its own addresses."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from uuid import UUID

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge_agent.drivers.till_software.ruipos import RuiposDesk
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

SECRET_HEADER = "X-Till-Secret"  # noqa: S105 -- the header's name
SECRET_QUERY = "key"  # noqa: S105 -- the same for software that sets no header


@dataclass(frozen=True, slots=True)
class RuiposDoor:
    """One till's door."""

    desk: RuiposDesk
    secret: str = field(repr=False)
    allow: tuple[IPv4Network | IPv6Network, ...]

    def lets_in(self, request: Request) -> bool:
        """Tell whether a call comes from the till: both its address and its secret."""
        given = request.headers.get(SECRET_HEADER) or request.query_params.get(SECRET_QUERY, "")
        known = hmac.compare_digest(given.encode(), self.secret.encode())
        try:
            address = ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        return known and any(address in network for network in self.allow)


def ruipos_app(doors: Mapping[UUID, RuiposDoor], tally: FaultTally) -> Starlette:
    """Return the app that answers at `/ruipos/TILL`; the guard in front has read the body."""
    return Starlette(routes=[Route("/ruipos/{till:uuid}", _calls(doors, tally), methods=["POST"])])


def _calls(
    doors: Mapping[UUID, RuiposDoor], tally: FaultTally
) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        door = doors.get(request.path_params["till"])
        if door is None or not door.lets_in(request):
            refused = Fault(FaultCode.SOFTWARE_CALLER_REFUSED)
            tally.count(refused.code)
            return JSONResponse({"code": refused.code.value, "msg": refused.text()}, 403)
        answer = await anyio.to_thread.run_sync(door.desk.answer, await request.body())
        return Response(answer, media_type="application/json")

    return call
