"""The bills of materials name every package of a lock, with its licence and hashes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools import sbom
from tools.sbom import BILLS, Bill, bill_of, licence, pins, write

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    texts = [path.read_text(encoding="utf-8") for path in write(tmp_path_factory.mktemp("sbom"))]
    return dict(zip([bill.name for bill in BILLS], texts, strict=True))


@pytest.fixture(params=BILLS, ids=lambda bill: bill.name)
def made(request: pytest.FixtureRequest, written: dict[str, str]) -> tuple[Bill, Any]:
    return request.param, json.loads(written[request.param.name])


def test_every_line_of_the_lock_is_listed_with_all_its_hashes(made: tuple[Bill, Any]) -> None:
    bill, document = made
    lock = (ROOT / "requirements" / bill.lock).read_text(encoding="utf-8")
    listed = [one for one in document["components"] if one.get("purl", "").startswith("pkg:pypi/")]
    pinned = [line.split(" ", 1)[0] for line in lock.splitlines() if "==" in line.split(" ", 1)[0]]
    assert [f"{one['name']}=={one['version']}" for one in listed] == pinned
    hashes = {one["content"] for component in listed for one in component["hashes"]}
    assert hashes == set(re.findall(r"sha256:(\w+)", lock))


def test_every_component_has_a_licence_a_hash_and_an_address_of_its_own(
    made: tuple[Bill, Any],
) -> None:
    _, document = made
    refs = [one["bom-ref"] for one in document["components"]]
    assert len(set(refs)) == len(refs)
    for one in document["components"]:
        assert one["licenses"][0]["expression"], one["name"]
        assert one["hashes"], one["name"]


def test_everything_listed_is_there_because_something_asks_for_it(made: tuple[Bill, Any]) -> None:
    bill, document = made
    asks = {row["ref"]: row.get("dependsOn", []) for row in document["dependencies"]}
    reached, todo = set[str](), [f"regulars:{bill.name}"]
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            todo += asks[one]
    assert reached == set(asks)
    assert {one["bom-ref"] for one in document["components"]} <= reached


def test_what_is_no_python_package_is_listed_too(written: dict[str, str]) -> None:
    agent, cloud = (json.loads(written[one])["components"] for one in ("agent", "cloud"))
    models = [one for one in agent if one["type"] == "machine-learning-model"]
    assert {"yunet", "fr_feature", "fr_liveness"} <= {one["name"] for one in models}
    files = [file["name"] for one in cloud for file in one.get("components", ())]
    assert "cloud_broker/console/static/vendor/htmx.min.js" in files
    assert not any("axe" in one for one in files), "what only tests use is not delivered"


def test_the_same_tree_gives_the_same_bytes_and_no_address(written: dict[str, str]) -> None:
    for bill in BILLS:
        assert json.loads(written[bill.name]) == bill_of(bill)
        assert "://" not in written[bill.name]


def test_a_package_without_a_hash_or_a_known_licence_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "x.lock"
    lock.write_text("one==1.0\ntwo==2.0 \\\n    --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not pinned by hash"):
        pins(lock)
    monkeypatch.setattr(sbom, "licence_of", lambda _: "Some words of ours")
    with pytest.raises(ValueError, match="give it an SPDX expression"):
        licence("pydantic")
