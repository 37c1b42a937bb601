"""Face recognition as configured: which nets, trusted by whom, tested before they are used."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import structlog

from edge_agent.bootstrap.basis import Basis
from edge_agent.lane_settings import LaneSettings
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.face import FaceEngine, SecondLook
from edge_agent.recognition.fair import FairEngine, FairTurns
from edge_agent.services.recognition.model_intake import ModelIntake
from retail_core.errors import Fault
from retail_core.identity.face_match import FacePolicy, promised
from retail_core.identity.model_card import ModelBundle, Profile, by_role, model_id
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from edge_agent.drivers.face_onnx.late import LoadedFaces
    from edge_agent.drivers.face_onnx.shelf import ModelShelf, Trusted

FILES = "file:"
PICTURES = "pictures"
# The self-test has a limit of its own, and loading takes a second.
PATIENCE_S = 60.0
log = structlog.get_logger("face")


@dataclass(frozen=True, slots=True)
class Beside:
    """An embedder that looks at the same faces as the acting one."""

    look: SecondLook
    policy: FacePolicy


class Nets(Protocol):
    """What tests and loads the nets beside the agent's start."""

    fault: Fault | None

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def stop(self) -> None:
        """End; safe to call twice."""
        ...

    def state(self) -> str:
        """Tell `starting`, `ok` or `gone`."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is decided."""
        ...


@dataclass(frozen=True, slots=True)
class LaneEngines:
    """A lane's gates, all in its own zone of its own camera's picture.

    Enrolment asks for better pictures than recognition; a turn of the head for surer points.
    """

    recognise: FaceEngine
    enrol: FaceEngine
    turn: FaceEngine


@dataclass(frozen=True, slots=True)
class FaceEngines:
    """The same nets behind the gates of each lane; `pictures` is for those sent by a till.

    `awaiting` names models in use of which nobody at HQ has decided yet; `version` is that of the
    signed bundle, 0 where there is none; `nets` is None where the
    engines need no start.
    """

    lanes: Mapping[str, LaneEngines]
    pictures: FaceEngine
    policy: FacePolicy
    shadow: Beside | None = None
    previous: Beside | None = None
    awaiting: tuple[str, ...] = ()
    version: int = 0
    nets: Nets | None = None

    @property
    def model_id(self) -> str:
        """The acting embedder."""
        return self.pictures.model_id

    def each(self, wrap: Callable[[FaceEngine], FaceEngine]) -> "FaceEngines":
        """Return the same with every engine inside another."""
        lanes = {
            lane: LaneEngines(wrap(engines.recognise), wrap(engines.enrol), wrap(engines.turn))
            for lane, engines in self.lanes.items()
        }
        return replace(self, lanes=lanes, pictures=wrap(self.pictures))

    @property
    def fault(self) -> Fault | None:
        """What keeps the nets from being used."""
        return None if self.nets is None else self.nets.fault

    def start(self) -> None:
        """Begin to test and load."""
        if self.nets is not None:
            self.nets.start()

    def stop(self) -> None:
        """End; safe to call twice."""
        if self.nets is not None:
            self.nets.stop()

    def state(self) -> str:
        """Tell `starting`, `ok` or `gone`."""
        return "ok" if self.nets is None else self.nets.state()

    def wait(self) -> None:
        """Wait until the nets are there or it is clear that they will not be."""
        if self.nets is not None:
            self.nets.wait(PATIENCE_S)

    def noted(self, members: int) -> tuple[Fault, ...]:
        """Return what is to be said of faces on this box, the gravest first."""
        found: tuple[Fault, ...] = () if self.fault is None else (self.fault,)
        if self.awaiting:
            found += (Fault(FaultCode.MODEL_NOT_SIGNED_OFF, name=", ".join(self.awaiting)),)
        if not promised(members, self.policy):
            found += (Fault(FaultCode.MODEL_TARGET_MISSED),)
        return found


def open_face(basis: Basis) -> FaceEngines:
    """Say which nets are used; nothing is tested or loaded before `start`.

    Faults MODEL_BUNDLE_MISSING, MODEL_BUNDLE_INVALID, MODEL_MISSING.
    """
    # Imported here: a box without faces does not carry onnxruntime in its memory.
    from edge_agent.drivers.face_onnx.late import (  # noqa: PLC0415 - see above
        LateEngine,
        LateFaces,
        LateLook,
    )
    from edge_agent.drivers.face_onnx.selftest import SelfTest  # noqa: PLC0415 - see above

    config = basis.settings.config
    found = trusted(basis)
    bundle = found.bundle
    chosen = chosen_models(bundle, basis)
    acting, policy = _embedder(bundle, config.face.embedder)
    late = LateFaces(
        SelfTest(found.folder, {name: bundle.models[name] for name in chosen}),
        lambda: _load(basis, found),
        basis.tally,
    )

    def beside(profile: Profile | None) -> Beside | None:
        if profile is None or profile == config.face.embedder:
            return None
        look, its_policy = _embedder(bundle, profile)
        return Beside(LateLook(look, profile, late), its_policy)

    awaiting = tuple(name for name in chosen if config.face.production and bundle.awaiting(name))
    for name in awaiting:
        said = Fault(FaultCode.MODEL_NOT_SIGNED_OFF, name=name)
        log.warning("licence", code=said.code.value, zh=said.text("zh"), en=said.text("en"))
    lanes = {
        lane.id: LaneEngines(
            LateEngine(acting, late, lane.id),
            LateEngine(acting, late, _enrolling(lane.id)),
            LateEngine(acting, late, _turning(lane.id)),
        )
        for lane in basis.settings.lanes
    }
    engines = FaceEngines(
        lanes,
        LateEngine(acting, late, PICTURES),
        policy,
        shadow=beside(config.face.shadow),
        previous=beside(config.face.previous),
        awaiting=awaiting,
        version=bundle.version,
        nets=late,
    )
    turns = FairTurns(os.cpu_count() or 1)
    return engines.each(lambda engine: FairEngine(engine, turns))


def shelf_of(basis: Basis) -> "ModelShelf":
    """Return where models that the cloud sent are kept."""
    from edge_agent.drivers.face_onnx.shelf import ModelShelf  # noqa: PLC0415 - as above

    config = basis.settings.config
    return ModelShelf(
        config.data_dir / "models",
        config.models_dir,
        basis.settings.device.cloud.bundle_public_key,
    )


def trusted(basis: Basis) -> "Trusted":
    """Return what HQ signed for this box.

    Faults MODEL_BUNDLE_MISSING, MODEL_BUNDLE_INVALID, MODEL_BUNDLE_OLDER.
    """
    from edge_agent.drivers.face_onnx.trust import trusted_models  # noqa: PLC0415 - as above

    config = basis.settings.config
    return trusted_models(
        config.models_dir,
        config.face.bundle,
        basis.settings.device.cloud.bundle_public_key,
        shelf_of(basis),
        production=config.face.production,
    )


def model_intake(basis: Basis, directory: CloudDirectory) -> ModelIntake | None:
    """Return what takes in models that HQ publishes; None on a box without faces."""
    if not basis.settings.config.face.enabled:
        return None
    from edge_agent.drivers.face_onnx.selftest import SelfTest  # noqa: PLC0415 - as above

    return ModelIntake(
        directory,
        shelf_of(basis),
        lambda bundle: chosen_models(bundle, basis),
        SelfTest,
        basis.tally,
        public_key=basis.settings.device.cloud.bundle_public_key,
    )


def check_nets(basis: Basis) -> None:
    """Test and load the nets as a start would; raises the Fault that would keep faces off."""
    faces = open_face(basis)
    faces.start()
    try:
        faces.wait()
        if faces.fault is not None:
            raise faces.fault
    finally:
        faces.stop()


def check_licences(basis: Basis) -> None:
    """Raise Fault MODEL_NOT_SIGNED_OFF for a model of which HQ has not decided yet."""
    bundle = trusted(basis).bundle
    waiting = [name for name in chosen_models(bundle, basis) if bundle.awaiting(name)]
    if waiting:
        raise Fault(FaultCode.MODEL_NOT_SIGNED_OFF, name=", ".join(waiting))


def _embedder(bundle: ModelBundle, profile: Profile) -> tuple[str, FacePolicy]:
    name, card = by_role(bundle.models, "embedder", profile)
    if card.policy is None:
        raise Fault(FaultCode.MODEL_MISSING, name=f"{name}: policy")
    return model_id(name, card), card.policy


def _liveness(basis: Basis) -> bool:
    """Tell whether any lane wants the hint."""
    return any(_wants_hint(basis, lane) for lane in basis.settings.lanes)


def _wants_hint(basis: Basis, lane: LaneSettings) -> bool:
    """Tell whether the hint is wanted: a picture from a file need not look alive."""
    hint = basis.settings.config.face.liveness == "hint"
    return hint and not lane.camera.source.startswith(FILES)


def _enrolling(lane: str) -> str:
    return f"{lane}/enrol"


def _turning(lane: str) -> str:
    return f"{lane}/turn"


def _others(basis: Basis) -> tuple[Profile, ...]:
    face = basis.settings.config.face
    wanted = dict.fromkeys(one for one in (face.shadow, face.previous) if one is not None)
    return tuple(one for one in wanted if one != face.embedder)


def chosen_models(bundle: ModelBundle, basis: Basis) -> tuple[str, ...]:
    """Name the models this box uses; Fault MODEL_MISSING."""
    models = bundle.models
    names = [by_role(models, "detector")[0]]
    if _liveness(basis):
        names.append(by_role(models, "liveness")[0])
    profiles = (basis.settings.config.face.embedder, *_others(basis))
    return (*names, *(by_role(models, "embedder", profile)[0] for profile in profiles))


def _load(basis: Basis, found: "Trusted") -> "LoadedFaces":
    """Load what has passed; from now on no older bundle is taken."""
    from edge_agent.drivers.face_onnx.engine import (  # noqa: PLC0415 - as above
        FaceModels,
        FaceOnnx,
        LoadedEmbedder,
    )
    from edge_agent.drivers.face_onnx.gates import (  # noqa: PLC0415 - as above
        ENROLMENT_GATES,
        GateLimits,
    )
    from edge_agent.drivers.face_onnx.late import LoadedFaces  # noqa: PLC0415 - as above

    config = basis.settings.config
    nets = FaceModels.load(
        found.folder,
        liveness=_liveness(basis),
        embedder=config.face.embedder,
        cards=found.bundle.models,
    )
    others = {
        profile: LoadedEmbedder.load(found.folder, profile, found.bundle.models)
        for profile in _others(basis)
    }
    engines = {PICTURES: FaceOnnx(replace(nets, liveness=None), ENROLMENT_GATES)}
    for lane in basis.settings.lanes:
        seen = nets if _wants_hint(basis, lane) else replace(nets, liveness=None)
        zone = lane.camera.zone
        engines[lane.id] = FaceOnnx(seen, GateLimits(zone=zone))
        engines[_turning(lane.id)] = FaceOnnx(seen, GateLimits(zone=zone, hasty=False))
        engines[_enrolling(lane.id)] = FaceOnnx(seen, replace(ENROLMENT_GATES, zone=zone))
    _remember(basis, found)
    return LoadedFaces(engines, others)


def _remember(basis: Basis, found: "Trusted") -> None:
    """Raise the floor; a disk that refuses costs the protection, not the faces."""
    if found.signed is None:
        return
    try:
        shelf_of(basis).accept(found.signed)
    except Fault as fault:
        basis.tally.count(fault.code)
