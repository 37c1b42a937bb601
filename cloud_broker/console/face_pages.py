"""Which stores may recognise faces, on whose word, and how many persons that makes."""

from fastapi import APIRouter, Request, Response

from cloud_broker.console.shell import Shell


class FacePages:
    """A page to look at; deciding is done by the one who runs the cloud, on record."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the route."""
        router.add_api_route("/faces", self.faces, methods=["GET"])

    def faces(self, request: Request) -> Response:
        """Show every store's leave and every legal entity's count."""
        visit = self._shell.visit(request)
        desk, tenant = self._shell.deps.faces, visit.who.tenant_id
        return self._shell.page(
            visit, "faces.html", stores=desk.stores(tenant), counts=desk.counts(tenant)
        )
