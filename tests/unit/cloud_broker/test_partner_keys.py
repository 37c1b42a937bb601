"""Keys of partner systems: which addresses each scope opens, how long, and how often."""

import re
from uuid import UUID

import httpx2
import pytest

from cloud_broker.api.deps import PARTNER_RATE
from cloud_broker.domain.rights import KEY_OPENS, NEEDS, TABLES_OF, KeyScope
from cloud_broker.ports.hq import AuditAsked, AuditRow
from retail_core.catalog.masters import MasterKind
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.member_phone import Cloud

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def site() -> Cloud:
    return Cloud()


def asked(site: Cloud, key: str, method: str, path: str) -> httpx2.Response:
    body = {"csv": "sku,name\n"} if method == "POST" else None
    headers = {"Authorization": f"Bearer {key}"}
    answer: httpx2.Response = site.client.request(method, path, json=body, headers=headers)
    return answer


def a_key(site: Cloud, *scopes: KeyScope, days: int | None = None) -> str:
    partners = site.office.partners
    return partners.create(site.box.tenant, "商城", scopes, who="li", days=days)[0]


def path_of(address: str, kind: str = "articles") -> str:
    return re.sub(r"\{(\w+)\}", lambda one: kind if one[1] == "kind" else str(UUID(int=7)), address)


def acts(site: Cloud, action: str) -> tuple[AuditRow, ...]:
    with site.units.begin(site.box.tenant) as unit:
        return unit.hq.audits(AuditAsked(action=action), 50)


@pytest.mark.parametrize("scope", KeyScope)
def test_a_scope_opens_its_own_addresses_and_no_other(site: Cloud, scope: KeyScope) -> None:
    key, wrong = a_key(site, scope), []
    for method, address in sorted(NEEDS.keys() | KEY_OPENS.keys()):
        if not address.startswith("/v1/"):
            continue
        for kind in MasterKind if "{kind}" in address else ("-",):
            answer = asked(site, key, method, path_of(address, kind))
            let_in = scope in KEY_OPENS.get((method, address), ())
            if "{kind}" in address and not address.endswith("template"):
                rights = TABLES_OF[MasterKind(kind)]
                let_in &= scope in rights[address.endswith("{kind}") and method == "POST"]
            elif "{kind}" in address:
                let_in &= scope in TABLES_OF[MasterKind(kind)][0]
            if (answer.status_code == 403 and "A111" in answer.text) is let_in:
                wrong.append((method, address, kind, answer.status_code))
    assert wrong == []


def test_a_key_that_may_not_is_told_which_scope_would(site: Cloud) -> None:
    key = a_key(site, KeyScope.SALES_READ)
    refused = asked(site, key, "GET", "/v1/hq/members").json()
    assert refused["fields"] == {"scope": "members:read"}
    assert "members:read" in refused["zh"]


def test_every_scope_opens_something_and_every_table_has_its_scopes() -> None:
    opened = {scope for scopes in KEY_OPENS.values() for scope in scopes}
    assert opened | {KeyScope.COST_READ} == set(KeyScope)
    assert TABLES_OF.keys() == set(MasterKind)


def test_a_key_of_days_ends_by_itself(site: Cloud) -> None:
    key = a_key(site, KeyScope.SALES_READ, days=1)
    assert asked(site, key, "GET", "/v1/hq/sales").status_code == 200
    before = site.clock.now_ms()
    site.clock.advance(DAY_MS)
    try:
        answer = asked(site, key, "GET", "/v1/hq/sales")
        assert (answer.status_code, answer.json()["code"]) == (401, "A180")
        assert site.clock.now_ms() - before == DAY_MS
    finally:
        site.clock.advance(-DAY_MS)


def test_each_key_has_its_own_pace(site: Cloud) -> None:
    hasty, calm = a_key(site, KeyScope.SALES_READ), a_key(site, KeyScope.SALES_READ)
    codes = {
        asked(site, hasty, "GET", "/v1/hq/repair").status_code for _ in range(PARTNER_RATE.burst)
    }
    assert codes == {403}
    last = asked(site, hasty, "GET", "/v1/hq/sales")
    assert (last.status_code, last.json()["code"]) == (429, "A112")
    assert asked(site, calm, "GET", "/v1/hq/sales").status_code == 200


def test_each_look_at_members_is_entered(site: Cloud) -> None:
    before = len(acts(site, "api_key.members"))
    key = a_key(site, KeyScope.MEMBERS_READ, KeyScope.SALES_READ)
    assert asked(site, key, "GET", "/v1/hq/members").status_code == 200
    assert asked(site, key, "GET", "/v1/hq/sales").status_code == 200
    rows = acts(site, "api_key.members")
    assert len(rows) == before + 1
    assert (rows[0].entry.actor, rows[0].entry.subject) == ("api:商城", "/v1/hq/members")


def test_a_key_never_stands_in_what_is_listed_or_entered(site: Cloud) -> None:
    key = a_key(site, KeyScope.STOCK_READ)
    assert key.startswith("rgk.")
    said = repr(site.office.partners.keys(site.box.tenant)) + repr(acts(site, "api_key"))
    assert key.rpartition(".")[2] not in said


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        (" ", (KeyScope.SALES_READ,), None),
        ("x" * 81, (KeyScope.SALES_READ,), None),
        ("a\nb", (KeyScope.SALES_READ,), None),
        ("ERP", (), None),
        ("ERP", (KeyScope.SALES_READ,), 0),
        ("ERP", (KeyScope.SALES_READ,), 3_651),
    ],
)
def test_what_no_key_can_have(
    site: Cloud, name: str, scopes: tuple[KeyScope, ...], days: int | None
) -> None:
    before = site.office.partners.keys(site.box.tenant)
    with pytest.raises(Fault) as caught:
        site.office.partners.create(site.box.tenant, name, scopes, who="li", days=days)
    assert caught.value.code is FaultCode.API_BODY_INVALID
    assert site.office.partners.keys(site.box.tenant) == before
