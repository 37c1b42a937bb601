"""Signing in to HQ by a real sign-in service, a process of its own, over real HTTP."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.bootstrap.serving import COOKIE, Running, build_api
from cloud_broker.bootstrap.sign_in import link_desk
from cloud_broker.console.sign_in import BEGUN_COOKIE
from cloud_broker.ports.hq import AuditAsked
from cloud_broker.settings import OidcSettings, Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from tests.factories.oidc_provider import CLIENT, SECRET
from tests.factories.ports import free_port
from tests.fakes.cloud_line import wait_until
from tests.plugins.cloud import new_tenant
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
ORIGIN = "http://127.0.0.1"
PASSWORD = "long enough indeed"


@dataclass
class Service:
    """The company's sign-in service."""

    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/id"

    def told(self, **said: Any) -> list[str]:
        """Say who signs in and what is wrong; return what was fetched of it so far."""
        answer = httpx2.post(f"http://127.0.0.1:{self.port}/told", content=json.dumps(said))
        fetched: list[str] = answer.json()["fetched"]
        return fetched

    def up(self) -> bool:
        with suppress(httpx2.HTTPError):
            self.told()
            return True
        return False


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    made = Service(free_port())
    line = [sys.executable, "-m", "tests.factories.oidc_provider", str(made.port)]
    with subprocess.Popen(line) as process:
        try:
            wait_until(made.up)
            yield made
        finally:
            process.kill()


@dataclass
class Hq:
    """HQ's program, and a browser before it."""

    office: Office
    service: Service
    web: TestClient
    database: Database
    folder: Path
    kept: dict[str, str] = field(default_factory=dict)

    def leaves(self, after: str = "/") -> str:
        """Press the button; return the address at the service."""
        answer = self.web.get("/login/oidc", params={"next": after})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def comes_back(self, door: str) -> httpx2.Response:
        """Sign in there and follow the way back."""
        there = httpx2.get(door)
        assert there.status_code == 303, there.text
        back = urlsplit(there.headers["location"])
        return self.web.get(f"{back.path}?{back.query}")

    def signs_in(self, **said: Any) -> httpx2.Response:
        self.web.cookies.clear()
        self.service.told(**said)
        return self.comes_back(self.leaves())

    def acts(self, action: str) -> list[tuple[str, dict[str, object]]]:
        with self.office.units.begin(self.office.tenant()) as unit:
            rows = unit.hq.audits(AuditAsked(action=action), 5)
        return [(row.entry.actor, dict(row.entry.detail)) for row in rows]


def an_hq(database: Database, service: Service, folder: Path, **oidc: Any) -> Hq:
    settings = Settings(
        database_url=database.url,
        secrets_dir=folder,
        tenant="first",
        oidc=OidcSettings(issuer=service.issuer, client_id=CLIENT, **oidc),
        oidc_secret=SECRET,
    )
    office = build_office(settings)
    app, _ = build_api(Running(office, PostgresHub(database.url), FaultTally()))
    web = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    return Hq(office, service, web, database, folder)


def another(hq: Hq, **oidc: Any) -> Hq:
    """The same chain with its program started anew, and other settings."""
    return an_hq(hq.database, hq.service, hq.folder, **oidc)


@pytest.fixture(scope="module")
def hq(
    new_database: Callable[[], Database],
    service: Service,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hq]:
    """A chain whose auditor li is known to the service by subject, and wang by mail."""
    database, folder = new_database(), tmp_path_factory.mktemp("secrets")
    made = an_hq(database, service, folder)
    tenant = new_tenant(made.office.units, "first")
    for login in ("li", "wang"):
        made.office.access.add_user(tenant, login, login.title(), "auditor", password=PASSWORD)
    links = link_desk(made.office)
    links.add(tenant, "li", service.issuer, "subject", "s-1")
    links.add(tenant, "wang", service.issuer, "email", "Wang@Example.org")
    yield made
    made.office.close()


def test_from_the_button_to_the_wall(hq: Hq) -> None:
    hq.web.cookies.clear()
    assert 'href="/login/oidc?next=/"' in hq.web.get("/login").text
    hq.service.told()
    door = hq.leaves("/sales?lang=en")
    asked = parse_qs(urlsplit(door).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://127.0.0.1:8100/login/oidc/back"]
    answer = hq.comes_back(door)
    assert answer.status_code == 200, answer.text
    assert 'content="0;url=/sales?lang=en"' in answer.text
    assert BEGUN_COOKIE not in hq.web.cookies
    page = hq.web.get("/")
    assert page.status_code == 200
    assert "Li" in page.text
    who = hq.office.access.who(hq.web.cookies[COOKIE])
    assert (who.login, who.role) == ("li", "auditor")
    by = {"by": "oidc", "issuer": hq.service.issuer, "subject": "s-1"}
    assert hq.acts("hq.login")[0] == ("li", by)


def test_a_verified_address_leads_to_its_person_and_another_to_nobody(hq: Hq) -> None:
    new = {"sub": "s-9", "email": "wang@example.ORG"}
    assert hq.signs_in(claims=new).status_code == 200
    assert hq.office.access.who(hq.web.cookies[COOKIE]).login == "wang"
    refused = hq.signs_in(claims=new | {"email_verified": False})
    assert (refused.status_code, COOKIE in hq.web.cookies) == (403, False)
    assert "hq-link" in refused.text
    assert hq.acts("hq.stranger")[0][1]["subject"] == "s-9"


def test_nobody_becomes_somebody_by_what_a_token_says(hq: Hq) -> None:
    stranger = {"sub": "s-7", "email": "boss@example.org", "role": "admin", "groups": ["admin"]}
    assert hq.signs_in(claims=stranger).status_code == 403
    assert hq.signs_in(claims={"role": "admin"}).status_code == 200
    assert hq.office.access.who(hq.web.cookies[COOKIE]).role == "auditor"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"claims": {"iss": "https://evil.example"}}, "F279"),
        ({"claims": {"aud": "another"}}, "F280"),
        ({"claims": {"nonce": "replayed"}}, "F281"),
        ({"later": {"exp": -120}}, "F282"),
        ({"alg": "none"}, "F283"),
        ({"alg": "HS256"}, "F283"),
        ({"key": "two", "kid": "one"}, "F284"),
        ({"key": "two"}, "F284"),
        ({"error": "access_denied"}, "F278"),
        ({"broken": 503}, "F276"),
        ({"broken": 400}, "F278"),
    ],
)
def test_each_wrong_token_is_refused_for_its_own_reason(
    hq: Hq, wrong: dict[str, Any], words: str
) -> None:
    answer = hq.signs_in(**wrong)
    assert answer.status_code >= 400
    assert words in answer.text, answer.text
    assert COOKIE not in hq.web.cookies
    assert BEGUN_COOKIE not in hq.web.cookies


def test_a_sign_in_that_another_browser_began_is_refused(hq: Hq) -> None:
    hq.web.cookies.clear()
    hq.service.told()
    door = hq.leaves()
    begun = hq.web.cookies[BEGUN_COOKIE]
    for cookie in ("", "x", begun[:-1] + ("0" if begun[-1] != "0" else "1"), begun):
        hq.web.cookies.clear()
        hq.web.cookies.set(BEGUN_COOKIE, cookie, path="/login/oidc")
        # The last one is whole, but the state of the address is another's.
        answer = hq.web.get("/login/oidc/back", params={"state": "other", "code": "c"})
        assert answer.status_code == 401
        assert "F277" in answer.text
    hq.web.cookies.clear()
    assert "F277" in hq.comes_back(door).text


def test_a_code_is_good_once(hq: Hq) -> None:
    hq.web.cookies.clear()
    hq.service.told()
    there = urlsplit(httpx2.get(hq.leaves()).headers["location"])
    begun = hq.web.cookies[BEGUN_COOKIE]
    assert hq.web.get(f"{there.path}?{there.query}").status_code == 200
    hq.web.cookies.clear()
    hq.web.cookies.set(BEGUN_COOKIE, begun, path="/login/oidc")
    again = hq.web.get(f"{there.path}?{there.query}")
    assert "F278" in again.text
    assert COOKIE not in hq.web.cookies


def test_new_keys_are_fetched_when_a_token_names_one(hq: Hq) -> None:
    """A service changes its keys without telling; a forged name makes nobody fetch for ever."""
    fresh = another(hq)
    assert fresh.signs_in().status_code == 200
    before = hq.service.told().count("/id/keys")
    for _ in range(5):
        assert "F284" in fresh.signs_in(kid="nobody").text
    assert hq.service.told().count("/id/keys") <= before + 1
    fresh.office.close()
    again = another(hq)
    assert again.signs_in(key="two", published=["two"]).status_code == 200
    again.office.close()


def test_signing_out_leads_to_the_services_own_way_out(hq: Hq) -> None:
    assert hq.signs_in().status_code == 200
    token = hq.web.cookies[COOKIE]
    page = hq.web.get("/").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    assert hq.web.post("/logout", data={"csrf": csrf}).headers["location"] == "/login?why=out"
    with pytest.raises(Fault):
        hq.office.access.who(token)
    assert f"{hq.service.issuer}/out?client_id=" in hq.web.get("/login?why=out").text


def test_passwords_can_be_switched_off_and_the_break_glass_stays(hq: Hq) -> None:
    made = another(hq, local=False, break_glass=("boss",))
    made.office.access.add_user(made.office.tenant(), "boss", "Boss", "admin", password=PASSWORD)
    assert 'type="password"' not in made.web.get("/login").text
    assert 'type="password"' in made.web.get("/login?local=1").text

    def by_password(login: str) -> httpx2.Response:
        form = {"login": login, "password": PASSWORD}
        return made.web.post("/login", data=form, headers={"Origin": ORIGIN})

    for login in ("li", "li@first"):
        refused = by_password(login)
        assert (refused.status_code, "F287" in refused.text) == (403, True)
    assert by_password("boss").status_code == 303
    assert made.acts("hq.login")[0] == ("boss", {"by": "password"})
    made.office.close()


def test_a_service_that_calls_itself_otherwise_is_not_believed(hq: Hq) -> None:
    made = another(hq)
    hq.service.told(about={"issuer": "https://evil.example"})
    assert "F279" in made.web.get("/login/oidc").text
    hq.service.told(about={"token_endpoint": "http://evil.example/token"})
    door = made.leaves()
    assert "F285" in made.comes_back(door).text
    made.office.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://id.example"},
        {"issuer": "ftp://id.example"},
        {"client_id": ""},
        {"local": False},
        {"scopes": "email"},
    ],
)
def test_settings_that_let_nobody_in_or_everybody_listen(wrong: dict[str, Any]) -> None:
    good = {"issuer": "https://id.example", "client_id": "hq"}
    assert OidcSettings(**good).local
    with pytest.raises(ValidationError):
        OidcSettings(**(good | wrong))
