"""Embedders beside the acting one, wired: the one before it, and one on trial."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from edge_agent.api.models.health import FaceHealth, ShadowView, SuccessionView
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.face_models import FaceEngines
from edge_agent.recognition.beside import Elder
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.shadow import Shadow
from edge_agent.services.recognition.model_intake import ModelIntake
from edge_agent.services.recognition.re_embed import Consenting, Galleries, ReEmbed
from retail_core.identity.face_match import expected_fpir, promised, threshold_for

NO_MODEL = "none"


@dataclass(frozen=True, slots=True)
class BesideParts:
    """What works beside the acting embedder; None where nothing is configured."""

    elder: Elder | None = None
    re_embed: ReEmbed | None = None
    shadow: Shadow | None = None

    def start(self) -> None:
        """Let the candidate on trial work."""
        if self.shadow is not None:
            self.shadow.start()

    def stop(self) -> None:
        """End; safe to call twice."""
        if self.shadow is not None:
            self.shadow.stop()

    def turn(self) -> None:
        """Look whether the days of the embedder before are over."""
        if self.re_embed is not None:
            self.re_embed.turn()


class ConsentDesk(Protocol):
    """Whoever knows under which consent a member's face may be kept."""

    @property
    def consent_for(self) -> Callable[[UUID, str], UUID | None]:
        """Return the consent that stands, by member and kind."""
        ...

    @property
    def kept(self) -> Callable[[UUID], None]:
        """Tell the cloud that a member's templates rest here."""
        ...


def old_gallery(faces: FaceEngines | None) -> Gallery:
    """Return the empty gallery of the embedder before, or one nothing fits into."""
    previous = faces.previous if faces is not None else None
    return Gallery(previous.look.model_id if previous is not None else NO_MODEL)


def build_beside(
    basis: Basis,
    storage: Storage,
    faces: FaceEngines | None,
    galleries: tuple[Gallery, Gallery],
    consents: ConsentDesk,
) -> BesideParts:
    """Wire what is configured; the old gallery, the second of the two, is filled."""
    if faces is None:
        return BesideParts()
    acting, old = galleries
    elder = re_embed = shadow = None
    if faces.previous is not None:
        re_embed = ReEmbed(
            Galleries(acting, old),
            storage.gallery,
            faces.policy,
            storage.documents,
            basis.clock,
            basis.ids,
            Consenting(consents.consent_for, consents.kept),
        )
        re_embed.begin()
        previous = faces.previous
        turn = storage.gallery.rotation.turn
        elder = Elder(previous.look, previous.policy, old, turn, re_embed.adopt)
    if faces.shadow is not None:
        candidate = faces.shadow
        shadow = Shadow(candidate.look, candidate.policy, acting.holds, basis.tally)
    return BesideParts(elder, re_embed, shadow)


def face_health(
    faces: FaceEngines | None, gallery: Gallery, beside: BesideParts, intake: ModelIntake | None
) -> FaceHealth | None:
    """Say how faces are judged on this box; no member's data."""
    if faces is None:
        return None
    members, policy = gallery.members, faces.policy
    return FaceHealth(
        model_id=faces.model_id,
        bundle_version=faces.version,
        bundle_waiting=0 if intake is None else intake.waiting,
        awaiting_sign_off=faces.awaiting,
        members=members,
        threshold=threshold_for(members, policy.target_fpir_permille, policy),
        expected_fpir=expected_fpir(members, policy),
        promised=promised(members, policy),
        shadow=_shadow_view(beside.shadow),
        succession=_succession_view(beside.re_embed),
    )


def _shadow_view(shadow: Shadow | None) -> ShadowView | None:
    if shadow is None:
        return None
    counts = shadow.counts()
    return ShadowView(
        model_id=shadow.model_id,
        agree=counts.agree,
        would_accept_other=counts.would_accept_other,
        would_miss=counts.would_miss,
        learning=counts.learning,
        dropped=counts.dropped,
    )


def _succession_view(re_embed: ReEmbed | None) -> SuccessionView | None:
    progress = re_embed.progress() if re_embed is not None else None
    if progress is None:
        return None
    return SuccessionView(
        from_model_id=progress.from_model_id,
        done=progress.done,
        pending=progress.pending,
        erased=progress.erased,
        ends_ms=progress.ends_ms,
    )
