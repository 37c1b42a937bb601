"""An agent with faces: it sells at once, faces come on when the models passed, or stay off."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.drivers.face_onnx.manifest import read_manifest
from retail_core.identity.model_card import ModelBundle, SignOff, sign_models
from tests.factories.agent_api import Box, sale
from tests.factories.agent_files import DEVICE, SCREEN_TOKEN, TILL_TOKEN
from tests.factories.agent_process import ROOT, AgentProcess
from tests.factories.waiting import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.enable_socket]
SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
ONCE = {"Idempotency_Key": "0190-models-0001"}
# A wheel for another processor may die of an illegal instruction as soon as it is imported.
DIES = """\
import os, signal, sys
class Wheel:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            os.kill(os.getpid(), signal.SIGILL)
sys.meta_path.insert(0, Wheel())
"""


def edge_agent(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_agent", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


class Shop:
    """A folder with an agent whose faces are on and whose models HQ signed."""

    def __init__(self, folder: Path, models: Path, photos: Path) -> None:
        with Box(folder):
            pass
        self.folder, self.models, self.photos = folder, models, photos
        decided = {name: SignOff("legal", "2026-11-22") for name in ("fr_feature", "fr_liveness")}
        self.bundle = read_manifest(models).bundle(1, decided)
        self.sign(self.bundle)

    def sign(self, bundle: ModelBundle) -> None:
        (self.folder / "models.signed").write_bytes(sign_models(bundle, SEED))

    def agent(self, more: str = "") -> AgentProcess:
        device = DEVICE.replace('bundle_public_key = "' + "aa" * 32, self.key())
        made = AgentProcess(self.folder, device=device)
        text = made.config.read_text(encoding="utf-8")
        face = f'[face]\nenabled = true\nbundle = "models.signed"\nliveness = "off"\n{more}'
        text = text.replace("[face]\nenabled = false\n", face)
        text = text.replace("[camera]\n", f'[camera]\nsource = "file:{self.photos}/person-a"\n')
        text = text.replace('models_dir = "models"', f'models_dir = "{self.models}"')
        made.config.write_text(text, encoding="utf-8")
        return made

    @staticmethod
    def key() -> str:
        return f'bundle_public_key = "{PUBLIC.hex()}'


@pytest.fixture
def shop(tmp_path: Path, models_dir: Path, photos: Path) -> Shop:
    return Shop(tmp_path, models_dir, photos)


def decided(agent: AgentProcess) -> dict[str, Any]:
    """Wait until it is clear whether faces work; return the health."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        health: dict[str, Any] = agent.call("GET", "/v1/health").body
        if health["devices"]["face"] != "starting":
            return health
        time.sleep(0.2)
    raise AssertionError(agent.log.read_text(encoding="utf-8"))


def codes(health: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in health["reasons"]}


def text_of(health: dict[str, Any], code: str) -> str:
    (text,) = (reason["zh"] for reason in health["reasons"] if reason["code"] == code)
    return str(text)


def test_faces_come_on_when_the_models_have_passed(shop: Shop) -> None:
    with shop.agent('shadow = "dlib"\n') as agent:
        sold = agent.call("POST", "/v1/sales", sale(12_800), token=TILL_TOKEN, **ONCE)
        assert sold.status == 200
        health = decided(agent)
        assert health["devices"]["face"] == "ok"
        assert not {code for code in codes(health) if code.startswith("M")}
        assert health["faces"]["model_id"].startswith("fr_feature@")
        assert health["faces"]["threshold"] == pytest.approx(0.58)
        assert health["faces"]["shadow"]["model_id"].startswith("dlib_resnet@")
        told = told_by(agent.config)
        assert told["state"] == "ok"
        assert told["shadow"] == health["faces"]["shadow"]
        assert agent.ask_to_end()[0] == 0
        # Native libraries count at the very end what they handed out to the readers of a lane.
        assert "leaked" not in agent.log.read_text("utf-8")


def told_by(config: Path) -> dict[str, Any]:
    done = edge_agent("faces", "--json", "--config", str(config))
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_wheel_that_crashes_costs_faces_and_nothing_else(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(DIES, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    with shop.agent() as agent:
        health = decided(agent)
        assert health["devices"]["face"] == "gone"
        assert "signal 4" in text_of(health, "M106")
        assert health["can_sell"]
        asked = agent.call(
            "POST", "/v1/identify", {"factors": ["face"], "deadline_ms": 500}, token=SCREEN_TOKEN
        )
        assert asked.status == 200
        assert asked.body["outcome"] != "member"
        sold = agent.call("POST", "/v1/sales", sale(12_800), token=TILL_TOKEN, **ONCE)
        assert sold.status == 200
        assert agent.ask_to_end()[0] == 0
        assert edge_agent("faces", "--config", str(agent.config)).returncode == 4
        # A crashing wheel may say a word of its own between ours.
        said = agent.log.read_text("utf-8").splitlines()
        lines = [json.loads(line) for line in said if line.startswith("{")]
    (off,) = [line for line in lines if line.get("event") == "face_off"]
    assert (off["code"], "signal 4" in off["en"]) == ("M106", True)


def test_wrong_answers_and_altered_bundles_leave_faces_off(shop: Shop) -> None:
    net = shop.bundle.models["fr_feature"]
    known = {"output": msgspec.structs.replace(net.known["output"], norm=1.0)}
    wrong = {**shop.bundle.models, "fr_feature": msgspec.structs.replace(net, known=known)}
    shop.sign(msgspec.structs.replace(shop.bundle, models=wrong))
    with shop.agent() as agent:
        assert "fr_feature" in text_of(decided(agent), "M108")
    path = shop.folder / "models.signed"
    path.write_bytes(path.read_bytes().replace(b'"threshold_min":0.58', b'"threshold_min":0.18'))
    with shop.agent() as agent:
        health = decided(agent)
        assert (health["devices"]["face"], health["can_sell"]) == ("gone", True)
        assert "M105" in codes(health)


def checked(config: Path) -> dict[str, dict[str, Any]]:
    done = edge_agent("doctor", "--json", "--config", str(config))
    return {found["name"]: found for found in json.loads(done.stdout)}


def test_the_check_says_what_hq_has_not_decided(shop: Shop) -> None:
    agent = shop.agent()
    found = checked(agent.config)
    assert found["人脸模型 / face models"]["ok"]
    assert found["模型许可 / model licences"]["ok"]
    shop.sign(read_manifest(shop.models).bundle(2, {}))
    found = checked(agent.config)
    assert found["人脸模型 / face models"]["ok"]
    assert found["模型许可 / model licences"]["code"] == "M110"
    with agent:
        health = decided(agent)
        assert health["devices"]["face"] == "ok"
        assert "fr_feature" in text_of(health, "M110")
        assert health["faces"]["awaiting_sign_off"] == ["fr_feature"]
    (shop.folder / "models.signed").unlink()
    assert checked(agent.config)["人脸模型 / face models"]["code"] == "M104"
