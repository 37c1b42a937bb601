"""What every `FaceEngine` promises, shown on the fake and on the real models."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx, LoadedEmbedder
from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.ports.face import FaceEngine, Points, SecondLook
from retail_core.texts.faults import FaultCode
from tests.fakes.camera import picture
from tests.fakes.face import FakeFaceEngine, FakeSecondLook, seen, unit

Picture = NDArray[np.uint8]


class FaceEngineContract:
    @pytest.fixture
    def engine(self) -> FaceEngine:
        raise NotImplementedError

    @pytest.fixture
    def portrait(self) -> Picture:
        raise NotImplementedError

    def test_its_model_is_named_with_its_weights(self, engine: FaceEngine) -> None:
        name, _, weights = engine.model_id.partition("@")
        assert name
        assert len(weights) == 12

    def test_a_face_gives_an_embedding_of_length_one(
        self, engine: FaceEngine, portrait: Picture
    ) -> None:
        reading = engine.read(portrait)
        assert reading.refused_by is None
        assert reading.box is not None
        assert reading.embedding is not None
        assert reading.embedding.dtype == np.float32
        assert reading.embedding.ndim == 1
        assert float(np.linalg.norm(reading.embedding)) == pytest.approx(1, abs=1e-5)

    def test_the_same_picture_gives_the_same_embedding(
        self, engine: FaceEngine, portrait: Picture
    ) -> None:
        one, two = engine.read(portrait).embedding, engine.read(portrait).embedding
        assert one is not None
        assert two is not None
        assert np.array_equal(one, two)

    def test_an_empty_wall_is_no_face(self, engine: FaceEngine) -> None:
        reading = engine.read(picture(7))
        assert (reading.embedding, reading.refused_by) == (None, FaultCode.FACE_NONE)

    @pytest.mark.parametrize("shape", [(0, 0, 3), (40, 40)])
    def test_what_is_no_picture_is_refused_not_raised(
        self, engine: FaceEngine, shape: tuple[int, ...]
    ) -> None:
        reading = engine.read(np.zeros(shape, np.uint8))
        assert (reading.embedding, reading.refused_by) == (None, FaultCode.FACE_IMAGE_BROKEN)


class TestFakeFaceEngine(FaceEngineContract):
    @pytest.fixture
    def engine(self) -> FaceEngine:
        return FakeFaceEngine({1: seen(1.0)})

    @pytest.fixture
    def portrait(self) -> Picture:
        return picture(1)


@pytest.mark.integration
class TestFaceOnnx(FaceEngineContract):
    @pytest.fixture
    def engine(self, face_models: FaceModels) -> FaceEngine:
        return FaceOnnx(face_models)

    @pytest.fixture
    def portrait(self, request: pytest.FixtureRequest) -> Picture:
        folder = request.getfixturevalue("photos")
        return decode_picture((folder / "person-a" / "1.jpg").read_bytes())


# ---- another embedder beside the acting one -----------------------------------------------------


class SecondLookContract:
    @pytest.fixture
    def look(self) -> SecondLook:
        raise NotImplementedError

    @pytest.fixture
    def found(self) -> tuple[Picture, Points]:
        """A picture and the five points of its face."""
        raise NotImplementedError

    def test_its_model_is_named(self, look: SecondLook) -> None:
        assert "@" in look.model_id

    def test_a_face_found_already_gives_a_vector_of_length_one(
        self, look: SecondLook, found: tuple[Picture, Points]
    ) -> None:
        vector = look.embed(*found)
        assert vector is not None
        assert vector.dtype == np.float32
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
        again = look.embed(*found)
        assert again is not None
        assert np.array_equal(vector, again)


class TestFakeSecondLook(SecondLookContract):
    @pytest.fixture
    def look(self) -> SecondLook:
        return FakeSecondLook({1: unit(1.0)})

    @pytest.fixture
    def found(self) -> tuple[Picture, Points]:
        return picture(1), ((0.0, 0.0),) * 5


@pytest.mark.integration
class TestLoadedEmbedder(SecondLookContract):
    @pytest.fixture(params=["mobilefacenet", "dlib"])
    def look(self, request: pytest.FixtureRequest) -> SecondLook:
        folder = request.getfixturevalue("models_dir")
        return LoadedEmbedder.load(folder, request.param, read_manifest(folder).models)

    @pytest.fixture
    def found(self, request: pytest.FixtureRequest) -> tuple[Picture, Points]:
        folder = request.getfixturevalue("photos")
        engine = FaceOnnx(request.getfixturevalue("face_models"))
        image = decode_picture((folder / "person-a" / "1.jpg").read_bytes())
        points = engine.read(image).points
        assert points is not None
        return image, points
