"""What every `QrReader` promises, shown on the fake and on the real cascade."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.drivers.qr.reader import QrCascade
from edge_agent.drivers.qr.sim import render
from edge_agent.ports.qr import QrReader
from tests.fakes.camera import picture
from tests.fakes.qr import FakeQrReader

TEXT = "M1:HELLO REGULARS"


class QrReaderContract:
    @pytest.fixture
    def reader(self) -> QrReader:
        raise NotImplementedError

    @pytest.fixture
    def frame(self) -> NDArray[np.uint8]:
        raise NotImplementedError

    def test_reads_the_payload_as_bytes(self, reader: QrReader, frame: NDArray[np.uint8]) -> None:
        assert reader.read(frame) == (TEXT.encode(),)

    def test_an_empty_wall_holds_no_code(self, reader: QrReader) -> None:
        assert reader.read(picture(7)) == ()

    def test_nothing_holds_no_code(self, reader: QrReader) -> None:
        assert reader.read(np.zeros((0, 0, 3), np.uint8)) == ()


class TestFakeQrReader(QrReaderContract):
    @pytest.fixture
    def reader(self) -> QrReader:
        return FakeQrReader({1: (TEXT.encode(),)})

    @pytest.fixture
    def frame(self) -> NDArray[np.uint8]:
        return picture(1)


class TestQrCascade(QrReaderContract):
    @pytest.fixture
    def reader(self) -> QrReader:
        return QrCascade()

    @pytest.fixture
    def frame(self) -> NDArray[np.uint8]:
        return render(TEXT)


class TestQrCascadeGrey(TestQrCascade):
    @pytest.fixture
    def frame(self) -> NDArray[np.uint8]:
        grey: NDArray[np.uint8] = render(TEXT)[:, :, 1].copy()
        return grey
