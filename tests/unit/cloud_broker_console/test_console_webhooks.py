"""HQ's pages of webhooks, over the real desk."""

import re
from dataclasses import dataclass, replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from cloud_broker.console.pages import console_router
from cloud_broker.domain.hooks import HookKind
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.outward.hook_desk import HookDesk
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_hooks import FakePartner, hook_desk
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN, csrf

FORM = {"name": "商城 <1>", "target": "https://example.org/h", "kind": ["sale.booked"]}


@dataclass
class Hq:
    """HQ of a chain, its partner, and one of its people at the page."""

    desk: HookDesk
    partner: FakePartner
    client: TestClient
    clock: FakeCloudClock

    def sends(self, path: str, **form: object) -> Response:
        form["csrf"] = csrf(self.client.get("/partners").text)
        return self.client.post(path, data=form)

    def runs(self) -> None:
        while self.desk.posting.run(fakes.TENANT) and self.partner.refuses is None:
            """Until nothing is due."""


def an_hq(role: HqRole = "admin") -> Hq:
    units, clock, partner = FakeUnits(), FakeCloudClock(fakes.NOW_MS), FakePartner()
    with units.begin(fakes.TENANT) as unit:
        unit.fleet.add_tenant("熟客", "hooks", fakes.NOW_MS)
    desk = hook_desk(units, clock, partner)
    deps = fakes.deps(fakes.FakeHqQueries(()), fakes.FakeHqAuth(role=role))
    app = FastAPI()
    app.include_router(console_router(replace(deps, hooks=desk)))
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    client.cookies.set("regulars_hq", fakes.TOKEN)
    return Hq(desk, partner, client, clock)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_webhook_from_made_to_ended(language: str) -> None:
    hq = an_hq()
    hq.client.cookies.set("regulars_lang", language)
    made = hq.sends("/partners/hooks", **FORM)
    assert made.status_code == 200
    (secret,) = re.findall(r"whsec_[\w+/]+=*", made.text)
    page = hq.client.get("/partners").text
    assert "商城 &lt;1&gt;" in page
    assert secret not in page
    ((hook, _),) = hq.desk.hooks(fakes.TENANT)
    at = f"/partners/hooks/{hook.hook}"
    assert hq.sends(at + "/try").headers["location"] == at
    hq.runs()
    ((_, post, _),) = hq.partner.came
    log = hq.client.get(at).text
    assert str(post.post) in log
    assert hq.sends(f"{at}/posts/{post.post}/replay").status_code == 303
    hq.runs()
    assert [one.post for _, one, _ in hq.partner.came] == [post.post, post.post]
    (again,) = re.findall(r"whsec_[\w+/]+=*", hq.sends(at + "/rotate").text)
    assert again != secret
    assert hq.sends(at + "/end").headers["location"] == "/partners"
    assert hq.desk.hooks(fakes.TENANT) == ()
    assert hq.client.get(at).status_code == 404


def test_what_failed_is_shown_with_its_reason_and_sent_again() -> None:
    hq = an_hq()
    hq.sends("/partners/hooks", **FORM)
    ((hook, _),) = hq.desk.hooks(fakes.TENANT)
    at = f"/partners/hooks/{hook.hook}"
    hq.partner.refuses = FaultCode.ALERT_REFUSED
    hq.sends(at + "/try")
    hq.runs()
    assert "HTTP 503" in hq.client.get(at).text
    assert "HTTP 503" in hq.client.get("/partners").text
    hq.partner.refuses = None
    assert hq.sends(at + "/replay").status_code == 303
    hq.runs()
    assert len(hq.partner.came) == 1


@pytest.mark.parametrize(
    "wrong", [{"target": "http://example.org/"}, {"kind": []}, {"kind": "x"}, {"name": ""}]
)
def test_what_is_wrong_makes_none(wrong: dict[str, object]) -> None:
    hq = an_hq()
    answer = hq.sends("/partners/hooks", **(FORM | wrong))
    assert answer.status_code == 422
    assert "F272" in answer.text
    assert hq.desk.hooks(fakes.TENANT) == ()


def test_who_only_looks_is_offered_nothing() -> None:
    hq = an_hq("auditor")
    kinds = (HookKind.SALE_BOOKED,)
    made, _ = hq.desk.add(fakes.TENANT, "ERP", "https://example.org/h", kinds, "ada")
    at = f"/partners/hooks/{made.hook}"
    page = hq.client.get(at)
    assert page.status_code == 200
    assert f'action="{at}' not in page.text
    for act in ("try", "end", "rotate", "replay"):
        assert hq.sends(f"{at}/{act}").status_code == 403
