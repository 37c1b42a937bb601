"""Nightly exports over HTTP: with a key, in ranges, and to nobody else."""

import gzip
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from cloud_broker.adapters.export_files import ExportFiles
from cloud_broker.api.app import build_app
from cloud_broker.domain.rights import KeyScope
from cloud_broker.services.outward.exporting import Exporter, ExportHow
from tests.factories.member_phone import Cloud
from tests.fakes.cloud_basics import FakeKeyRing
from tests.plugins.cloud import new_tenant


@dataclass
class Site:
    """A cloud with an exported day, and its door."""

    cloud: Cloud
    client: TestClient
    folder: Path

    def ask(self, path: str, *scopes: KeyScope, **headers: str) -> httpx2.Response:
        """Ask with a key of these scopes."""
        partners = self.cloud.office.partners
        key, _ = partners.create(self.cloud.box.tenant, "BI", scopes, who="li")
        return self.client.get(path, headers={"Authorization": f"Bearer {key}", **headers})


def a_site(tmp_path: Path, *, people: bool = False) -> Site:
    cloud = Cloud()
    cloud.box.sells(fen=12_800)
    cloud.book()
    files = ExportFiles(tmp_path)
    how = ExportHow("Asia/Shanghai", people=people)
    exporter = Exporter(cloud.units, cloud.clock, FakeKeyRing(), files, how)
    (sale,) = cloud.units.states[cloud.box.tenant].sales.values()
    assert exporter.day(cloud.box.tenant, sale.day) is not None
    app = build_app(replace(cloud.deps, exports=files))
    return Site(cloud, TestClient(app, base_url="http://cloud.test"), tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path)


def test_from_the_list_to_a_files_rows(site: Site) -> None:
    (day,) = site.ask("/v1/export", KeyScope.EXPORT_READ).json()["days"]
    made = site.ask(f"/v1/export/{day}", KeyScope.EXPORT_READ).json()
    receipts = next(one for one in made["files"] if one["table"] == "receipts")
    assert (receipts["rows"], receipts["total_of"], receipts["total"]) == (1, "total_fen", 12_800)
    whole = site.ask(f"/v1/export/{receipts['path']}", KeyScope.EXPORT_READ)
    assert (whole.status_code, len(whole.content)) == (200, receipts["bytes"])
    assert sha256(whole.content).hexdigest() == receipts["sha256"]
    assert gzip.decompress(whole.content).decode().splitlines()[0] == ",".join(receipts["columns"])


def test_a_download_that_was_cut_goes_on(site: Site) -> None:
    (day,) = site.ask("/v1/export", KeyScope.EXPORT_READ).json()["days"]
    path = f"/v1/export/{day}/1/lines.csv.gz"
    whole = site.ask(path, KeyScope.EXPORT_READ).content
    first = site.ask(path, KeyScope.EXPORT_READ, Range="bytes=0-9")
    rest = site.ask(path, KeyScope.EXPORT_READ, Range="bytes=10-")
    assert (first.status_code, rest.status_code) == (206, 206)
    assert rest.headers["content-range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"
    assert first.content + rest.content == whole
    beyond = site.ask(path, KeyScope.EXPORT_READ, Range=f"bytes={len(whole)}-")
    assert beyond.status_code == 416


def test_who_members_are_needs_a_scope_of_its_own(tmp_path: Path) -> None:
    site = a_site(tmp_path, people=True)
    (day,) = site.ask("/v1/export", KeyScope.EXPORT_READ).json()["days"]
    path = f"/v1/export/{day}/1/people.csv.gz"
    assert site.ask(path, KeyScope.EXPORT_READ).status_code == 403
    assert site.ask(path, KeyScope.EXPORT_PEOPLE).status_code == 200
    assert site.ask(f"/v1/export/{day}/1/lines.csv.gz", KeyScope.EXPORT_PEOPLE).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "2020-01-01",
        "2020-01-01/1/lines.csv.gz",
        "{day}/2/lines.csv.gz",
        "{day}/1/nothing.csv.gz",
        "{day}/1/people.csv.gz",
        "{day}/1/..%2f..%2fsecrets.csv.gz",
        "{day}/1/manifest.json",
        "..%2f..%2f/1/lines.csv.gz",
    ],
)
def test_what_is_not_there_is_not_there(site: Site, path: str) -> None:
    (day,) = site.ask("/v1/export", KeyScope.EXPORT_READ).json()["days"]
    scopes = (KeyScope.EXPORT_READ, KeyScope.EXPORT_PEOPLE)
    answer = site.ask("/v1/export/" + path.format(day=day), *scopes)
    assert answer.status_code in {404, 422}


def test_another_chains_key_sees_none_of_it(site: Site) -> None:
    (day,) = site.ask("/v1/export", KeyScope.EXPORT_READ).json()["days"]
    other = new_tenant(site.cloud.units, "other")
    partners = site.cloud.office.partners
    key, _ = partners.create(other, "BI", (KeyScope.EXPORT_READ,), who="li")
    headers = {"Authorization": f"Bearer {key}"}
    assert site.client.get("/v1/export", headers=headers).json() == {"days": []}
    for path in (day, f"{day}/1/lines.csv.gz"):
        assert site.client.get(f"/v1/export/{path}", headers=headers).status_code == 404


def test_a_cloud_without_exports_says_so() -> None:
    cloud = Cloud()
    key, _ = cloud.office.partners.create(cloud.box.tenant, "BI", (KeyScope.EXPORT_READ,), who="li")
    answer = cloud.client.get("/v1/export", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["code"]) == (404, "F273")
