"""HQ's page of partner systems, over the real service."""

import re
from dataclasses import dataclass, replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.console.pages import console_router
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.access.partners import Partners
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN, csrf


@dataclass
class Hq:
    """HQ of a chain, and one of its people at the page."""

    partners: Partners
    client: TestClient


def an_hq(role: HqRole = "admin") -> Hq:
    units, clock = FakeUnits(), FakeCloudClock(fakes.NOW_MS)
    with units.begin(fakes.TENANT) as unit:
        unit.fleet.add_tenant("熟客", "keys", fakes.NOW_MS)
    partners = Partners(units, clock, FakeCloudIdSource(clock))
    app = FastAPI()
    deps = fakes.deps(fakes.FakeHqQueries(()), fakes.FakeHqAuth(role=role))
    app.include_router(console_router(replace(deps, partners=partners)))
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    client.cookies.set("regulars_hq", fakes.TOKEN)
    return Hq(partners, client)


def sent(hq: Hq, path: str, **form: object) -> tuple[int, str]:
    answer = hq.client.post(path, data={"csrf": csrf(hq.client.get("/partners").text), **form})
    return answer.status_code, answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_key_from_made_to_ended(language: str) -> None:
    hq = an_hq()
    hq.client.cookies.set("regulars_lang", language)
    form = {"name": "商城 <1>", "scope": ["sales:read", "stock:write"], "days": "30"}
    status, page = sent(hq, "/partners/keys", **form)
    assert status == 200
    (shown,) = re.findall(r"rgk\.[0-9a-f-]{36}\.[\w-]{43}", page)
    assert hq.partners.who(shown).key.scopes == ("sales:read", "stock:write")
    again = hq.client.get("/partners").text
    assert "商城 &lt;1&gt;" in again
    assert shown not in again
    (key,) = hq.partners.keys(fakes.TENANT)
    assert (key.created_by, key.expires_ms) == ("hq", key.created_ms + 30 * 86_400_000)
    assert sent(hq, f"/partners/keys/{key.key_id}/end")[0] == 303
    (key,) = hq.partners.keys(fakes.TENANT)
    assert key.revoked_ms is not None
    assert "<details>" in hq.client.get("/partners").text


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scope": "sales:read"},
        {"name": "ERP"},
        {"name": "ERP", "scope": "everything"},
        {"name": "ERP", "scope": "sales:read", "days": "soon"},
        {"name": "ERP", "scope": "sales:read", "days": "0"},
    ],
)
def test_what_is_wrong_makes_no_key(form: dict[str, str]) -> None:
    hq = an_hq()
    status, page = sent(hq, "/partners/keys", **form)
    assert status == 422
    assert "A107" in page
    assert hq.partners.keys(fakes.TENANT) == ()


@pytest.mark.parametrize("role", ["operations", "auditor"])
def test_who_only_looks_is_offered_nothing(role: HqRole) -> None:
    hq = an_hq(role)
    page = hq.client.get("/partners")
    assert page.status_code == 200
    assert 'action="/partners' not in page.text
    status, said = sent(hq, "/partners/keys", name="ERP", scope="sales:read")
    assert (status, "A111" in said) == (403, True)
