"""Both embedders on photos of real people: each by its own calibration, and one after the other."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx, LoadedEmbedder
from edge_agent.drivers.face_onnx.gates import ENROLMENT_GATES
from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.face_onnx.selftest import SelfTest
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.beside import Elder, ElderVisit
from edge_agent.recognition.enrol import plan_enrolment
from edge_agent.recognition.gallery import Gallery
from edge_agent.services.recognition.re_embed import Consenting, Galleries, ReEmbed
from retail_core.identity.face_match import Accept, Decision, Unknown, decide
from retail_core.identity.model_card import Profile
from tests.factories.consents import agree
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.gallery_store import FakeGalleryStore
from tests.fakes.ids import FakeIdSource

pytestmark = pytest.mark.integration

ALICE = UUID(int=1)
PROFILES: tuple[Profile, ...] = ("mobilefacenet", "dlib")
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def nets(models_dir: Path) -> dict[Profile, FaceModels]:
    return {one: FaceModels.load(models_dir, embedder=one) for one in PROFILES}


@pytest.fixture(scope="module")
def shots(photos: Path) -> dict[str, Picture]:
    return {
        f"{path.parent.name}/{path.stem}": decode_picture(path.read_bytes())
        for path in sorted(photos.glob("*/*.jpg"))
    }


def judged(models: FaceModels, gallery: Gallery, image: Picture) -> Decision:
    reading = FaceOnnx(models).read(image)
    assert reading.embedding is not None
    best, second = gallery.search(reading.embedding)
    return decide(best, second, gallery.members, models.policy)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_member_comes_back_and_a_stranger_does_not(
    nets: dict[Profile, FaceModels], shots: dict[str, Picture], profile: Profile
) -> None:
    models = nets[profile]
    gallery, enrolment = Gallery(models.model_id), FaceOnnx(models, ENROLMENT_GATES)
    readings = [enrolment.read(shots[f"person-a/{number}"]) for number in (1, 2)]
    plan = plan_enrolment(readings, gallery, models.policy)
    assert plan.accepted == 2
    for number, vector in enumerate(plan.templates):
        gallery.add(Template(UUID(int=number), ALICE, models.model_id, vector))
    her = judged(models, gallery, shots["person-a/3"])
    assert isinstance(her, Accept)
    assert judged(models, gallery, shots["person-b/1"]) == Unknown()


def test_every_model_answers_here_as_the_manifest_knows(models_dir: Path) -> None:
    cards = {name: model.card() for name, model in read_manifest(models_dir).models.items()}
    SelfTest(models_dir, cards).run()


def test_from_one_embedder_to_the_other_without_a_new_enrolment(
    models_dir: Path, nets: dict[Profile, FaceModels], shots: dict[str, Picture]
) -> None:
    old_nets, new_nets = nets["mobilefacenet"], nets["dlib"]
    store, acting, old = FakeGalleryStore(), Gallery(new_nets.model_id), Gallery(old_nets.model_id)
    enrolled = FaceOnnx(old_nets, ENROLMENT_GATES).read(shots["person-a/1"]).embedding
    assert enrolled is not None
    consent = agree(store.ledger, ALICE)
    store.add(Template(UUID(int=9), ALICE, old.model_id, enrolled), consent_event_id=consent)
    service = ReEmbed(
        Galleries(acting, old),
        store,
        new_nets.policy,
        FakeDocuments(),
        FakeClock(),
        FakeIdSource(),
        Consenting(lambda _member, _kind: consent),
    )
    service.begin()
    look = LoadedEmbedder.load(models_dir, "mobilefacenet", read_manifest(models_dir).models)
    visit = ElderVisit(Elder(look, look.policy, old, lambda vector: vector, service.adopt))
    reading = FaceOnnx(new_nets).read(shots["person-a/2"])
    by_old = visit.judge(shots["person-a/2"], reading, Unknown())
    assert isinstance(by_old, Accept)
    visit.ended(by_old.member_id)
    assert store.holder(ALICE) is not None
    assert (acting.members, old.members) == (1, 0)
    her = judged(new_nets, acting, shots["person-a/3"])
    assert isinstance(her, Accept)
