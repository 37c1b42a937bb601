"""The member's page as files: one shell for every address below `/m/`, and a worker beside it.

Nothing here knows a member. What is hers comes over `/v1/member` to the phone that can sign.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, RedirectResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).parent / "static"
STATIC_PATH: Final = "/m/static"
SAFE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}


class MemberFiles(StaticFiles):
    """Static files with the safe headers; phones ask each time whether they changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer one request."""
        response = await super().get_response(path, scope)
        response.headers.update(SAFE_HEADERS)
        return response


def member_router() -> APIRouter:
    """Return the addresses that open the page; mount its files with `mount_static`."""
    routes = APIRouter(include_in_schema=False)

    def shell() -> FileResponse:
        """Serve the page; what comes after `#` stays on the phone."""
        return FileResponse(STATIC / "index.html", headers=SAFE_HEADERS)

    def lane(store: str, lane: str) -> FileResponse:
        """Serve the page to whoever touched a counter's tag; the page reads its own address."""
        del store, lane
        return shell()

    def shared(token: str) -> FileResponse:
        """Serve the page to whoever follows a shared link; the page reads its own address."""
        del token
        return shell()

    script = worker_script(STATIC)

    def worker() -> Response:
        """Serve the worker from where it may stand in for every address of the page."""
        return Response(script, headers=SAFE_HEADERS, media_type="text/javascript")

    def moved() -> RedirectResponse:
        """Send on whoever left out the last stroke; browsers carry what is after `#` along."""
        return RedirectResponse("/m/", status_code=308, headers=SAFE_HEADERS)

    routes.add_api_route("/m", moved)
    routes.add_api_route("/m/", shell)
    routes.add_api_route("/m/wechat", shell)
    routes.add_api_route("/m/lane/{store}/{lane}", lane)
    routes.add_api_route("/m/s/{token}", shared)
    routes.add_api_route("/m/worker.js", worker)
    return routes


def worker_script(folder: Path) -> str:
    """Return the worker with the fingerprint of all files: a phone takes new ones all at once."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    whole = sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    script = (folder / "worker.js").read_text(encoding="utf-8")
    return script.replace('VERSION = "0"', f'VERSION = "{whole}"', 1)


def mount_static(app: FastAPI) -> None:
    """Serve the style sheet, the scripts and the texts."""
    app.mount(STATIC_PATH, MemberFiles(directory=STATIC), name="member-static")
