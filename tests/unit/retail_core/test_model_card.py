"""Cards of models, and the bundle in which HQ signs them."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.model_card import (
    ModelBundle,
    ModelCard,
    SignOff,
    by_role,
    model_id,
    open_models,
    sign_models,
)
from retail_core.identity.model_manifest import Manifest, parse_manifest
from retail_core.texts.faults import FaultCode
from tests.factories.faces import POLICY

SEED, OTHER_SEED = bytes(range(32)), bytes(32)
MANIFEST = Path(__file__).resolve().parents[3] / "models" / "manifest.toml"
DETECTOR = ModelCard(
    role="detector",
    file="d.onnx",
    sha256="d" * 64,
    size=1,
    licence="BSD-3-Clause",
    licence_note="none",
    inputs={"input": (1, 3, "height", "width")},
    outputs={"output": (1, 4)},
    standing="clear",
)
EMBEDDER = msgspec.structs.replace(
    DETECTOR, role="embedder", sha256="e" * 64, standing="sign-off", profile="dlib", policy=POLICY
)
CARDS = {"finder": DETECTOR, "net": EMBEDDER}
BUNDLE = ModelBundle(version=3, models=CARDS)


def public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def refusal(signed: bytes, key: bytes) -> str:
    with pytest.raises(Fault) as caught:
        open_models(signed, key)
    assert caught.value.code is FaultCode.MODEL_BUNDLE_INVALID
    return str(caught.value.fields["reason"])


def test_what_was_signed_comes_back_whole() -> None:
    signed = sign_models(BUNDLE, SEED)
    assert open_models(signed, public(SEED)) == BUNDLE
    assert sign_models(BUNDLE, SEED) == signed


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_altered_byte_is_let_through(at: int, flip: int) -> None:
    signed = bytearray(sign_models(BUNDLE, SEED))
    signed[at % len(signed)] ^= flip
    assert refusal(bytes(signed), public(SEED)) == "signature"


@given(st.binary(max_size=200))
def test_rubbish_is_refused_by_code(rubbish: bytes) -> None:
    assert refusal(rubbish, public(SEED)) == "signature"


def test_another_chains_signature_is_none() -> None:
    assert refusal(sign_models(BUNDLE, OTHER_SEED), public(SEED)) == "signature"


def test_signed_nonsense_is_refused_too() -> None:
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    content = b'{"version":1}'
    signed = key.sign(b"regulars-models-1\x00" + content) + content
    assert "models" in refusal(signed, public(SEED))


def test_the_key_that_signs_prices_does_not_let_a_price_bundle_pass_for_models() -> None:
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    content = msgspec.json.encode(BUNDLE)
    signed = key.sign(b"regulars-bundle-1\x00" + content) + content
    assert refusal(signed, public(SEED)) == "signature"


def test_an_id_names_the_net_and_its_weights() -> None:
    assert model_id("net", EMBEDDER) == "net@eeeeeeeeeeee"
    faster = msgspec.structs.replace(EMBEDDER, sha256="f" * 64, answers_as=EMBEDDER.sha256)
    assert model_id("net", faster) == model_id("net", EMBEDDER)


def test_a_model_is_found_by_role_and_profile() -> None:
    assert by_role(CARDS, "detector") == ("finder", DETECTOR)
    assert by_role(CARDS, "embedder", "dlib") == ("net", EMBEDDER)
    for role, profile, missing in (
        ("embedder", "mobilefacenet", "mobilefacenet"),
        ("liveness", None, "liveness"),
    ):
        with pytest.raises(Fault) as caught:
            by_role(CARDS, role, profile)
        assert caught.value.code is FaultCode.MODEL_MISSING
        assert caught.value.fields["name"] == missing


def test_a_decision_of_the_chain_is_awaited_once_for_each_weights() -> None:
    assert (BUNDLE.awaiting("finder"), BUNDLE.awaiting("net")) == (False, True)
    decided = {model_id("net", EMBEDDER): SignOff("legal", "2026-11-22")}
    settled = msgspec.structs.replace(BUNDLE, signed_off=decided)
    assert not settled.awaiting("net")
    other = {"net": msgspec.structs.replace(EMBEDDER, sha256="f" * 64)}
    assert msgspec.structs.replace(settled, models=other).awaiting("net")


@pytest.fixture(scope="module")
def shipped() -> Manifest:
    return parse_manifest(MANIFEST.read_bytes(), "manifest.toml")


def test_the_shipped_manifest_becomes_a_bundle(shipped: Manifest) -> None:
    bundle = shipped.bundle(7, {"fr_feature": SignOff("legal", "2026-11-22")})
    assert bundle.version == 7
    assert bundle.models.keys() == shipped.models.keys()
    assert open_models(sign_models(bundle, SEED), public(SEED)) == bundle
    waiting = {name for name in bundle.models if bundle.awaiting(name)}
    assert waiting == {"fr_liveness"}


def test_the_shipped_models_are_found_by_role(shipped: Manifest) -> None:
    for role in ("detector", "embedder", "liveness"):
        name, model = shipped.by_role(role)
        first = next(name for name, model in shipped.models.items() if model.role == role)
        assert (name, model) == (first, shipped.models[first])
    with pytest.raises(Fault) as caught:
        Manifest(1, {}, {}).by_role("detector")
    assert caught.value.code is FaultCode.MODEL_MISSING
    assert caught.value.fields == {"name": "detector"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version = 2", "version"),
        (b"version = 1\nmore = 1", "more"),
        (b"version =", "Invalid value"),
        (b"\xff\xfe", "utf-8"),
        (b"", "version"),
    ],
)
def test_a_broken_manifest_is_refused_with_its_place(content: bytes, said: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_manifest(content, "/models/m.toml")
    assert caught.value.code is FaultCode.SETUP_CONFIG_INVALID
    assert caught.value.fields["path"] == "/models/m.toml"
    assert said in str(caught.value.fields["detail"])


def test_a_model_of_no_archive_is_refused_by_name(shipped: Manifest) -> None:
    name, model = next(iter(shipped.models.items()))
    line = f'archive = "{model.archive}"'.encode()
    content = MANIFEST.read_bytes().replace(line, b'archive = "elsewhere"', 1)
    with pytest.raises(Fault) as caught:
        parse_manifest(content, "m.toml")
    assert caught.value.code is FaultCode.SETUP_CONFIG_INVALID
    assert caught.value.fields == {"path": "m.toml", "detail": f"{name}: no archive elsewhere"}


def test_nobody_signs_off_a_model_that_is_not_there(shipped: Manifest) -> None:
    with pytest.raises(Fault) as caught:
        shipped.bundle(1, {"other": SignOff("legal", "2026-11-22")})
    assert caught.value.code is FaultCode.MODEL_MISSING
    assert caught.value.fields["name"] == "other"


def test_each_shipped_embedder_has_its_own_calibration(shipped: Manifest) -> None:
    policies = {
        model.profile: model.policy
        for model in shipped.models.values()
        if model.role == "embedder" and model.policy is not None
    }
    assert set(policies) == {"mobilefacenet", "dlib"}
    for policy in policies.values():
        calibration = policy.calibration
        assert calibration.impostor_pairs * calibration.measured_to >= 5
        assert policy.threshold_min > calibration.score_fmr_1e_3


def test_every_shipped_model_has_known_answers(shipped: Manifest) -> None:
    for model in shipped.models.values():
        assert model.known
        assert model.known.keys() <= model.outputs.keys()
