"""Around every page: who is there, in which language, the frame, refusals, and safe headers."""

import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from cloud_broker.console import said
from cloud_broker.console.deps import ConsoleDeps
from cloud_broker.console.render import fault_text, render
from cloud_broker.console.said import Said
from cloud_broker.console.texts import LANGUAGES, Language, Texts, texts
from cloud_broker.domain.rights import may, needed
from cloud_broker.services.access.admission import admit
from cloud_broker.services.access.overview import HqIdentity
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LANGUAGE_COOKIE = "regulars_lang"
LANGUAGE_COOKIE_S = 365 * 24 * 3600
SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Where one signs in.
OPEN = frozenset(
    {("GET", "/login"), ("POST", "/login"), ("GET", "/login/oidc"), ("GET", "/login/oidc/back")}
)
_SIGN_IN_AGAIN = {FaultCode.API_TOKEN_MISSING, FaultCode.HQ_TOKEN_WRONG}
_AGO = ("ago.now", "ago.seconds", "ago.minutes", "ago.hours", "ago.days")
_TABLES = ("tables.sort", "tables.filter", "tables.shown", "tables.save")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a person signed in."""

    who: HqIdentity
    token: str
    language: Language
    now_ms: int
    path: str
    said: Said | None = None

    @property
    def csrf(self) -> str:
        """Return the word that only pages of this session know."""
        return hmac.new(self.token.encode(), b"regulars-console-csrf", hashlib.sha256).hexdigest()


class Shell:
    """What pages share; holds nothing of a visitor."""

    def __init__(self, deps: ConsoleDeps) -> None:
        self.deps = deps

    def visit(self, request: Request) -> Visit:
        """Return who asks. Faults A101, A180."""
        token = self._token(request)
        visit = Visit(
            request.state.who, token, language_of(request), self.deps.now_ms(), request.url.path
        )
        left = None if by_htmx(request) else request.cookies.get(said.COOKIE)
        return visit if left is None else replace(visit, said=said.opened(left, token))

    def who(self, request: Request) -> HqIdentity:
        """Return who is signed in. Faults A101, A180."""
        return self.deps.auth.who(self._token(request))

    def _token(self, request: Request) -> str:
        token = request.cookies.get(self.deps.cookie_name)
        if not token:
            raise Fault(FaultCode.API_TOKEN_MISSING)
        return token

    def writing_visit(self, request: Request, csrf: str) -> Visit:
        """Return who asks to change something, from a page of ours. Faults A101, A103, A180."""
        check_origin(request)
        visit = self.visit(request)
        given = request.headers.get("X-CSRF-Token") or csrf
        if not hmac.compare_digest(given.encode(), visit.csrf.encode()):
            raise Fault(FaultCode.API_ORIGIN_REFUSED, origin="-")
        return visit

    def values(self, visit: Visit) -> dict[str, Any]:
        """Return what every template may use."""
        return {
            **bare_values(visit.language, visit.path),
            "visit": visit,
            "now_ms": visit.now_ms,
            "zone": self.deps.zone,
            "links": self.deps.links,
            "may_see": lambda address: may(visit.who.role, needed("GET", address)),
        }

    def page(self, visit: Visit, template: str, /, **values: Any) -> HTMLResponse:
        """Render a whole page."""
        response = HTMLResponse(
            render(template, self.values(visit) | values), headers={"Cache-Control": "no-store"}
        )
        if visit.said is not None:
            response.delete_cookie(said.COOKIE)
        return response

    def told(self, visit: Visit, back: str, act: Callable[[], Said]) -> Response:
        """Do what a form without a script asks; the page it leads back to says how that went."""
        try:
            outcome = act()
        except Fault as fault:
            outcome = Said(fault_text(fault, visit.language), well=False, code=fault.code.value)
        response = RedirectResponse(back, status_code=303)
        response.set_cookie(
            said.COOKIE,
            said.sealed(outcome, visit.token),
            max_age=said.LIVES_S,
            secure=self.deps.cookie_secure,
            httponly=True,
            samesite="strict",
        )
        return response

    def part(self, visit: Visit, template: str, /, **values: Any) -> str:
        """Render a part of a page."""
        return render(template, self.values(visit) | values)


class ConsoleRoute(APIRoute):
    """A route that lets in who may, whose faults become pages, with the safe headers on answers."""

    shell: ClassVar[Shell]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                if (request.method, self.path) not in OPEN:
                    # Before the form is read, and here rather than on a worker thread: how far
                    # somebody sees has to hold for all that follows.
                    request.state.who = await run_in_threadpool(self.shell.who, request)
                    admit(request.method, self.path, request.state.who)
                response = await inner(request)
            except Fault as fault:
                response = refusal(request, fault)
            except RequestValidationError:
                response = refusal(request, Fault(FaultCode.API_NOT_FOUND, what=request.url.path))
            response.headers.update(SAFE_HEADERS)
            remember_language(request, response)
            return response

        return handler


def routes_of(shell: Shell) -> type[ConsoleRoute]:
    """Return the kind of route that asks this shell who somebody is."""
    return type("ShellRoute", (ConsoleRoute,), {"shell": shell})


def refusal(request: Request, fault: Fault) -> Response:
    """Turn a fault into a page, into the notice of an htmx page, or into the way to sign in."""
    if fault.code in _SIGN_IN_AGAIN:
        return _sign_in_again(request)
    language = language_of(request)
    values = bare_values(language, request.url.path) | {
        "said": Said(fault_text(fault, language), well=False, code=fault.code.value)
    }
    status = fault.spec.http_status
    if by_htmx(request):
        headers = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
        return HTMLResponse(render("notice.html", values), status, headers)
    return HTMLResponse(render("error.html", values), status)


def _sign_in_again(request: Request) -> Response:
    """Lead to the sign-in page, which says so when an act was left undone."""
    writes = request.method != "GET"
    if by_htmx(request):
        target = "/login?why=undone" if writes else "/login"
        return Response(status_code=401, headers={"HX-Redirect": target})
    asked = "next=/&why=undone" if writes else f"next={quote(request.url.path)}"
    return RedirectResponse(f"/login?{asked}", status_code=303)


def by_htmx(request: Request) -> bool:
    """Return whether our script asks, and will put the answer into the page."""
    return request.headers.get("HX-Request") == "true"


def bare_values(language: Language, path: str) -> dict[str, Any]:
    """Return what a template needs before anybody is signed in."""
    t = texts(language)
    words = {"ago_words": _words(t, _AGO), "table_words": _words(t, _TABLES)}
    return {"t": t, "language": language, "path": path, "visit": None, **words}


def language_of(request: Request) -> Language:
    """Return the language asked for, then the one remembered, then Chinese."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return next((language for language in LANGUAGES if language == asked), "zh")


def remember_language(request: Request, response: Response) -> None:
    """Keep the language that the address asked for."""
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language_of(request),
            max_age=LANGUAGE_COOKIE_S,
            samesite="strict",
            httponly=True,
        )


def check_origin(request: Request) -> None:
    """Refuse a write that another site's page sends. Fault A103."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Fault(FaultCode.API_ORIGIN_REFUSED, origin=request.headers.get("Origin", "?"))
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise Fault(FaultCode.API_ORIGIN_REFUSED, origin=origin)


def local_path(wanted: str) -> str:
    """Return an address inside the console; anything that leads elsewhere becomes the wall."""
    parts = urlsplit(wanted)
    inside = not parts.scheme and not parts.netloc and wanted.startswith("/")
    return wanted if inside and not wanted.startswith(("//", "/\\")) else "/"


def _words(t: Texts, keys: Iterable[str]) -> str:
    """Return words for a script of the page, with `{n}` and `{all}` where it puts its figures."""
    said = {key.partition(".")[2]: t(key, n="{n}", all="{all}") for key in keys}
    return json.dumps(said, ensure_ascii=False)
