"""Day one after a migration: the old card is scanned at a real box, and its line is cut."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories.cloud_process import Cloud
from tests.factories.waiting import comes_about, eventually
from tests.integration.test_cloud_process import cloud
from tests.integration.test_recruit_end_to_end import Shop

__all__ = ["cloud"]

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.timeout(240),
]
WITHIN_S = 60
OLD = """会员卡号,手机号,姓名,会员等级,积分,积分到期日,门店
88001234,13800138000,李娜,gold,300,2099-12-31,静安店
VIP-0042,,王敏,standard,0,,静安店
"""


@pytest.fixture
def shop(cloud: Cloud) -> Iterator[Shop]:
    cloud.command("migrate")
    cloud.command("provision-tenant", "--name", "熟客美妆", "--slug", "demo")
    made = Shop(cloud, "静安店")
    cloud.said("broker-files", "--out", str(cloud.broker.folder))
    cloud.broker.stop()
    cloud.broker.start()
    yield made
    made.agent.kill()


def test_an_old_card_finds_her_at_the_box_with_and_without_a_line(
    cloud: Cloud, shop: Shop, tmp_path: Path
) -> None:
    serving = cloud.run("all")
    assert comes_about(cloud.up, within_s=WITHIN_S), (cloud.folder / "log").read_text()
    shop.start()
    assert scanned(shop, "88001234")["outcome"] != "member"
    file = tmp_path / "old.csv"
    file.write_text(OLD, encoding="utf-8")
    moved = cloud.said("import", "members", str(file), "--expect-points", "300")
    assert (moved["made"], moved["books_points"]) == (2, 300)
    # Nobody asked the cloud for her: her record comes by the feed of her home store.
    eventually(lambda: replica_holds(shop, 2), within_s=WITHIN_S)
    serving.kill()
    serving.wait(30)
    found = scanned(shop, "88001234")
    assert (found["outcome"], found["factor"]) == ("member", "static_qr")
    member = found["member"]
    assert (member["name"], member["tier"]) == ("李娜", "gold")
    assert scanned(shop, "VIP-0042")["member"]["name"] == "王敏"
    # A number that can be copied finds her, and spends nothing.
    assert "redeem" not in json.dumps(found["allowed"])
    assert scanned(shop, "88009999")["outcome"] != "member"


def scanned(shop: Shop, text: str) -> dict[str, Any]:
    answer = shop.agent.call(
        "POST", "/v1/identify/code", {"text": text}, token=shop.token, X_Operator=shop.clerk
    )
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


def replica_holds(shop: Shop, count: int) -> bool:
    health = shop.agent.call("GET", "/v1/health", token=shop.token).body
    return bool(health["members"] == count)
