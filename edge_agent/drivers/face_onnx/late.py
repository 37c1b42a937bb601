"""Face recognition that begins when the models have passed their self-test.

The agent does not wait for it: the till sells meanwhile, and until then each reading is refused by
code. Where the test fails, readings are refused by its fault for as long as the agent runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.selftest import SelfTest
from edge_agent.ports.face import FaceReading, Points
from retail_core.errors import Fault
from retail_core.identity.model_card import Profile
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    # Not at run time: the runtime is imported after it has passed its test.
    from edge_agent.drivers.face_onnx.engine import FaceOnnx, LoadedEmbedder

State = Literal["starting", "ok", "gone"]
log = structlog.get_logger("face")


@dataclass(frozen=True, slots=True)
class LoadedFaces:
    """The nets in memory; `engines` share them, `others` are embedders beside the acting one."""

    engines: "Mapping[str, FaceOnnx]"
    others: "Mapping[Profile, LoadedEmbedder]"


class LateFaces:
    """Tests and loads the models on a thread of its own."""

    def __init__(self, test: SelfTest, load: Callable[[], LoadedFaces], tally: FaultTally) -> None:
        self._test = test
        self._load = load
        self._tally = tally
        self._thread = Thread(target=self._run, name="face-selftest", daemon=True)
        self._done = Event()
        self.loaded: LoadedFaces | None = None
        self.fault: Fault | None = None

    @property
    def code(self) -> FaultCode:
        """Why there is nothing yet, or nothing at all."""
        return FaultCode.MODEL_STARTING if self.fault is None else self.fault.code

    def state(self) -> State:
        """Tell whether faces can be read."""
        if self.loaded is not None:
            return "ok"
        return "starting" if self.fault is None else "gone"

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the test if it still runs; safe to call twice, and before the start."""
        self._test.cancel()
        if self._thread.is_alive():
            self._thread.join()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is decided; tell whether it is."""
        return self._done.wait(timeout_s)

    def _run(self) -> None:
        try:
            self._test.run()
            self.loaded = self._load()
        except Fault as fault:
            self._off(fault)
        except Exception as error:  # noqa: BLE001 - whatever it is, the till must go on selling
            self._off(Fault(FaultCode.MODEL_CRASHED, how=type(error).__name__))
        finally:
            self._done.set()

    def _off(self, fault: Fault) -> None:
        self.fault = fault
        self._tally.count(fault.code)
        log.error("face_off", code=fault.code.value, zh=fault.text("zh"), en=fault.text("en"))


@dataclass(slots=True)
class LateEngine:
    """Fulfils `FaceEngine`, one of the loaded by name: refuses by code until they are there."""

    model_id: str
    faces: LateFaces
    name: str

    def read(self, image: NDArray[np.uint8]) -> FaceReading:
        """Run the pipeline once it can be run."""
        loaded = self.faces.loaded
        if loaded is None:
            fault = self.faces.fault
            named = {} if fault is None else fault.fields
            return FaceReading(None, self.faces.code, fields=named)
        return loaded.engines[self.name].read(image)

    def count(self, image: NDArray[np.uint8]) -> int:
        """Return how many faces stand in the zone, once that can be told."""
        loaded = self.faces.loaded
        return 0 if loaded is None else loaded.engines[self.name].count(image)


@dataclass(slots=True)
class LateLook:
    """Fulfils `SecondLook`: another embedder's view of a face that was found already."""

    model_id: str
    profile: Profile
    faces: LateFaces

    def embed(self, image: NDArray[np.uint8], points: Points) -> NDArray[np.float32] | None:
        """Return the embedding; None while there is no net."""
        loaded = self.faces.loaded
        return None if loaded is None else loaded.others[self.profile].embed(image, points)
