"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from cloud_broker.console.render import fault_text, render
from cloud_broker.console.shell import Shell, bare_values, check_origin, language_of, local_path
from retail_core.errors import Fault

_WHY = {"out", "undone"}


class SignIn:
    """The sign-in page."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/login", self.form, methods=["GET"])
        router.add_api_route("/login", self.sign_in, methods=["POST"])
        router.add_api_route("/logout", self.sign_out, methods=["POST"])

    def form(self, request: Request, next: str = "/", why: str = "") -> Response:  # noqa: A002  # the address says next
        """Show the form, and why one stands before it again."""
        return _form(request, local_path(next), why=why)

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
            return _form(request, local_path(next), login=login, fault=fault)
        response = RedirectResponse(local_path(next), status_code=303)
        response.set_cookie(
            deps.cookie_name,
            token,
            max_age=deps.session_s,
            secure=deps.cookie_secure,
            httponly=True,
            samesite="strict",
        )
        return response

    def sign_out(self, request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        """End the session."""
        visit = self._shell.writing_visit(request, csrf)
        self._shell.deps.auth.logout(visit.token)
        response = RedirectResponse("/login?why=out", status_code=303)
        response.delete_cookie(self._shell.deps.cookie_name)
        return response


def _form(
    request: Request, after: str, *, login: str = "", why: str = "", fault: Fault | None = None
) -> HTMLResponse:
    language = language_of(request)
    values = bare_values(language, "/login") | {
        "after": after,
        "login": login,
        "why": why if why in _WHY else "",
        "fault": None if fault is None else fault_text(fault, language),
    }
    status = 200 if fault is None else fault.spec.http_status
    return HTMLResponse(render("login.html", values), status, {"Cache-Control": "no-store"})
