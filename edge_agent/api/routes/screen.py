"""The till screen's page and its files."""

from fastapi import APIRouter
from starlette.responses import FileResponse

from edge_agent.screen import STATIC

router = APIRouter(include_in_schema=False)


@router.get("/")
def page() -> FileResponse:
    """Serve the screen; it carries no member data and no token."""
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})
