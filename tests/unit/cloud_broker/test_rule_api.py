"""HQ's rules over HTTP: what a program does with a token of a person."""

import json
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from cloud_broker.services.rules.jobs import JobWork
from tests.factories.bundle_content import MIX, TIER, content
from tests.factories.member_phone import Cloud
from tests.fakes.cloud_rule_workshop import FakeRuleWorkshop
from tests.plugins.cloud import new_box


@dataclass
class Person:
    """Somebody of HQ with a token."""

    site: Cloud
    token: str

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer: httpx2.Response = self.site.client.request(
            method,
            f"/v1/hq/offers{path}",
            json={} if body is None and method == "POST" else body,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def people() -> dict[str, Person]:
    site = Cloud()
    tenant, access = site.box.tenant, site.deps.auth
    new_box(site.units, tenant, "乙店", "西南")
    site.deps.rules.office.publisher.publish_bundle(tenant, content(TIER, version=1), who="cli")
    made = {}
    for login, role in (("eve", "operations"), ("ada", "admin"), ("mia", "marketing")):
        access.add_user(tenant, login, login, role)  # type: ignore[attr-defined]  # the real one
        token = access.api_token(tenant, login, "test")  # type: ignore[attr-defined]  # same
        made[login] = Person(site, token)
    return made


def test_a_draft_goes_from_its_first_edit_to_all_stores_and_back(
    people: dict[str, Person],
) -> None:
    eve, ada, mia = people["eve"], people["ada"], people["mia"]
    draft = mia.ask("POST", "/drafts", {"name": "秋季", "version": 1}, 201)["draft"]
    wrong = mia.ask("POST", f"/drafts/{draft}", {"edit": 1, "text": "{\n}"})["wrong"]
    assert (wrong["code"], wrong["rule"]) == ("P107", "bundle")
    assert wrong["zh"] != wrong["en"]
    text = content(TIER, MIX).decode()
    saved = mia.ask("POST", f"/drafts/{draft}", {"edit": 2, "text": text, "name": "冬季"})
    assert (saved["edit"], saved["name"], saved["wrong"]) == (3, "冬季", None)
    assert mia.ask("POST", f"/drafts/{draft}", {"edit": 2, "text": "x"}, 409)["code"] == "P190"
    assert mia.ask("GET", f"/drafts/{draft}?edit=2")["text"] == "{\n}"
    job = mia.ask("POST", f"/drafts/{draft}/jobs", {"kind": "lint"}, 202)
    site = mia.site
    JobWork(site.units, site.clock, FakeRuleWorkshop()).run(site.box.tenant)
    done = mia.ask("GET", f"/jobs/{job['job']}")
    assert (done["state"], done["findings"]) == ("done", [])
    asked = {"draft": draft, "edit": 3, "seen": 1}
    look = mia.ask("POST", "/preview", asked)
    assert (look["needs_second"], len(look["stores"]), look["of"]) == (True, 2, 2)
    assert mia.ask("POST", "/publications", asked, 403)["code"] == "A111"
    order = eve.ask("POST", "/publications", asked | {"why": "试"}, 201)
    assert (order["state"], order["reach"]) == ("waiting", 2)
    path = f"/publications/{order['order']}"
    assert eve.ask("POST", f"{path}/agree", None, 403)["code"] == "F138"
    assert ada.ask("POST", f"{path}/agree")["version"] == 2
    version = mia.ask("GET", "/versions/2")
    assert [rule["id"] for rule in version["bundle"]["offers"]] == ["t", "m"]
    back = eve.ask("POST", "/publications", {"back_to": 1, "seen": 2}, 201)
    eve.ask("POST", f"/publications/{back['order']}/drop", None, 204)
    seen = mia.ask("GET", "")
    assert [one["version"] for one in seen["versions"]] == [2, 1]
    assert {one["state"] for one in seen["publications"]} == {"published", "dropped"}


def test_a_stage_and_a_rehearsal_by_program(people: dict[str, Person]) -> None:
    eve = people["eve"]
    draft = eve.ask("POST", "/drafts", {"name": "x"}, 201)["draft"]
    text = json.dumps(json.loads(content(TIER | {"permille": 900})))
    eve.ask("POST", f"/drafts/{draft}", {"edit": 1, "text": text})
    asked = {"draft": draft, "edit": 2, "seen": 1, "regions": ["西南"]}
    order = eve.ask("POST", "/publications", asked, 201)
    assert (order["kind"], order["state"], order["regions"]) == ("stage", "published", ["西南"])
    job = eve.ask("POST", f"/drafts/{draft}/jobs", {"kind": "replay", "paid": True}, 202)
    eve.ask("POST", f"/jobs/{job['job']}/stop", None, 204)
    assert eve.ask("GET", f"/jobs/{job['job']}")["state"] == "stopped"
    eve.ask("POST", f"/drafts/{draft}/drop", None, 204)
    assert eve.ask("GET", f"/drafts/{draft}")["state"] == "dropped"
