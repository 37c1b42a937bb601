"""The console as one router, and its files."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from cloud_broker.console.alert_pages import AlertPages
from cloud_broker.console.box_pages import BoxPages
from cloud_broker.console.campaign_pages import CampaignPages
from cloud_broker.console.cleaning_pages import CleaningPages
from cloud_broker.console.clerk_pages import ClerkPages
from cloud_broker.console.command_pages import CommandPages
from cloud_broker.console.deps import ConsoleDeps
from cloud_broker.console.desk_pages import DeskPages
from cloud_broker.console.draft_pages import DraftPages
from cloud_broker.console.face_pages import FacePages
from cloud_broker.console.identity_pages import IdentityPages
from cloud_broker.console.job_pages import JobPages
from cloud_broker.console.mall_pages import MallPages
from cloud_broker.console.master_pages import MasterPages
from cloud_broker.console.message_pages import MessagePages
from cloud_broker.console.partner_pages import PartnerPages
from cloud_broker.console.privacy_pages import PrivacyPages
from cloud_broker.console.release_pages import ReleasePages
from cloud_broker.console.roi_pages import RoiPages
from cloud_broker.console.rule_pages import RulePages
from cloud_broker.console.sale_pages import SalePages
from cloud_broker.console.segment_pages import SegmentPages
from cloud_broker.console.shell import SAFE_HEADERS, Shell, refusal, routes_of
from cloud_broker.console.sign_in import SignIn
from cloud_broker.console.stock_pages import StockPages
from cloud_broker.console.store_pages import StorePages
from cloud_broker.console.till_pages import TillPages
from cloud_broker.console.twin_pages import TwinPages
from cloud_broker.console.user_pages import UserPages
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

STATIC = Path(__file__).parent / "static"
STATIC_PATH = "/console/static"
_NOT_FOUND = 404
_OTHERS = ("/v1/", "/m/", STATIC_PATH)  # programs, a member's phone, files


class SafeFiles(StaticFiles):
    """Static files with the safe headers; browsers ask each time whether they changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer one request."""
        response = await super().get_response(path, scope)
        response.headers.update(SAFE_HEADERS)
        response.headers["Cache-Control"] = "no-cache"
        return response


def console_router(deps: ConsoleDeps) -> APIRouter:
    """Return the pages; mount the files beside them with `mount_static`."""
    shell = Shell(deps)
    router = APIRouter(route_class=routes_of(shell), include_in_schema=False)
    every = (
        SignIn,
        StorePages,
        BoxPages,
        SalePages,
        DeskPages,
        FacePages,
        ClerkPages,
        MallPages,
        PrivacyPages,
        RulePages,
        CleaningPages,
        RoiPages,
        DraftPages,
        JobPages,
        MessagePages,
        CampaignPages,
        IdentityPages,
        SegmentPages,
        StockPages,
        MasterPages,
        TillPages,
        AlertPages,
        TwinPages,
        CommandPages,
        ReleasePages,
        PartnerPages,
        UserPages,
    )
    for pages in every:
        pages(shell).register(router)
    return router


def mount_static(app: FastAPI) -> None:
    """Serve the style sheets, scripts and vendored files."""
    app.mount(STATIC_PATH, SafeFiles(directory=STATIC), name="console-static")
    _answer_the_lost(app)


def _answer_the_lost(app: FastAPI) -> None:
    """Show a page where a person's address leads nowhere; programs get what they got before."""
    otherwise = app.exception_handlers[HTTPException]

    async def lost(request: Request, error: Exception) -> Response:
        path = request.url.path
        reads = "text/html" in request.headers.get("accept", "")
        if path.startswith(_OTHERS) or not reads:
            answer = otherwise(request, error)
            return answer if isinstance(answer, Response) else await answer
        page = refusal(request, Fault(FaultCode.API_NOT_FOUND, what=path))
        page.headers.update(SAFE_HEADERS)
        return page

    app.add_exception_handler(_NOT_FOUND, lost)
