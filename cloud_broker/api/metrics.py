"""`/metrics` for Prometheus: with a token of its own, or for this machine alone."""

import hmac

from fastapi import APIRouter, Request, Response

from cloud_broker.services.fleet.figures import CONTENT_TYPE, FleetFigures
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def router(figures: FleetFigures, token: str) -> APIRouter:
    """Return the route; without a token only a direct connection of this machine is answered."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        """Say the fleet in numbers."""
        _admit(request, token)
        return Response(figures.text(), headers={"Content-Type": CONTENT_TYPE})

    return routes


def _admit(request: Request, token: str) -> None:
    """Raise Fault API_TOKEN_MISSING or API_TOKEN_WRONG."""
    if not token:
        # What a proxy on this machine passes on comes from anywhere.
        passed_on = any(name in request.headers for name in _FORWARDED)
        if passed_on or request.client is None or request.client.host not in _LOOPBACK:
            raise Fault(FaultCode.API_TOKEN_MISSING)
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise Fault(FaultCode.API_TOKEN_MISSING)
    if not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Fault(FaultCode.API_TOKEN_WRONG)
