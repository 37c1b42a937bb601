"""Signing in and out, by password or by the company's own accounts."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from cloud_broker.console.render import fault_text, render
from cloud_broker.console.shell import Shell, bare_values, check_origin, language_of, local_path
from cloud_broker.services.access.oidc import BEGUN_LIVES_S, Answer, OidcDesk
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

OIDC = "/login/oidc"
BACK = OIDC + "/back"
BEGUN_COOKIE = "regulars_oidc"
_WHY = {"out", "undone"}


class SignIn:
    """The sign-in page."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/login", self.form, methods=["GET"])
        router.add_api_route("/login", self.sign_in, methods=["POST"])
        router.add_api_route(OIDC, self.leave, methods=["GET"])
        router.add_api_route(BACK, self.come_back, methods=["GET"])
        router.add_api_route("/logout", self.sign_out, methods=["POST"])

    def form(
        self,
        request: Request,
        next: str = "/",  # noqa: A002  # the address says next
        why: str = "",
        local: str = "",
    ) -> Response:
        """Show the form, and why one stands before it again."""
        return self._form(request, local_path(next), why=why, local=bool(local))

    def sign_in(
        self,
        request: Request,
        login: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",  # noqa: A002  # the form says next
    ) -> Response:
        """Check the password and hand out the session's cookie."""
        check_origin(request)
        deps = self._shell.deps
        try:
            token, _ = deps.auth.login(login.strip(), password)
        except Fault as fault:
            return self._form(request, local_path(next), login=login, fault=fault, local=True)
        response = RedirectResponse(local_path(next), status_code=303)
        self._let_in(response, token)
        return response

    def leave(self, request: Request, next: str = "/") -> Response:  # noqa: A002  # the address says next
        """Send somebody to the company's sign-in service."""
        desk = self._oidc()
        try:
            door, begun = desk.begin(local_path(next))
        except Fault as fault:
            return self._form(request, local_path(next), fault=fault)
        response = RedirectResponse(door, status_code=303)
        # Lax: the way back begins at another site.
        response.set_cookie(
            BEGUN_COOKIE,
            begun,
            max_age=BEGUN_LIVES_S,
            path=OIDC,
            secure=self._shell.deps.cookie_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    def come_back(
        self, request: Request, state: str = "", code: str = "", error: str = ""
    ) -> Response:
        """Take somebody back, and go on from a page of ours.

        A redirect would still be the other site's request, which our strict cookie keeps away from.
        """
        begun = request.cookies.get(BEGUN_COOKIE, "")
        try:
            token, after = self._oidc().finish(Answer(begun, state, code, error))
        except Fault as fault:
            response: Response = self._form(request, "/", fault=fault)
        else:
            values = bare_values(language_of(request), BACK) | {"after": local_path(after)}
            response = HTMLResponse(render("signed_in.html", values))
            response.headers["Cache-Control"] = "no-store"
            self._let_in(response, token)
        response.delete_cookie(BEGUN_COOKIE, path=OIDC)
        return response

    def _oidc(self) -> OidcDesk:
        desk = self._shell.deps.oidc
        if desk is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=OIDC)
        return desk

    def _let_in(self, response: Response, token: str) -> None:
        deps = self._shell.deps
        response.set_cookie(
            deps.cookie_name,
            token,
            max_age=deps.session_s,
            secure=deps.cookie_secure,
            httponly=True,
            samesite="strict",
        )

    def sign_out(self, request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        """End the session."""
        visit = self._shell.writing_visit(request, csrf)
        self._shell.deps.auth.logout(visit.token)
        response = RedirectResponse("/login?why=out", status_code=303)
        response.delete_cookie(self._shell.deps.cookie_name)
        return response

    def _form(
        self,
        request: Request,
        after: str,
        *,
        login: str = "",
        why: str = "",
        fault: Fault | None = None,
        local: bool = False,
    ) -> HTMLResponse:
        """Show the form; without passwords only to who asks for it, for the break-glass account."""
        language, deps = language_of(request), self._shell.deps
        why = why if why in _WHY else ""
        values = bare_values(language, "/login") | {
            "after": after,
            "login": login,
            "why": why,
            "fault": None if fault is None else fault_text(fault, language),
            "code": "" if fault is None else fault.code.value,
            "oidc": deps.oidc,
            "way_out": deps.oidc.way_out() if deps.oidc is not None and why == "out" else "",
            "by_password": deps.oidc is None or deps.by_password or local,
        }
        status = 200 if fault is None else fault.spec.http_status
        return HTMLResponse(render("login.html", values), status, {"Cache-Control": "no-store"})
