"""Coached enrolment: which pictures become templates, what to say about the others.

A picture is refused by a quality gate, because it shows someone else than the
others, or because enough were taken. Before anything is kept, the templates are compared
with the gallery: a member already there who looks the same is reported, never shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from uuid import UUID

from edge_agent.ports.arrays import Float32s
from edge_agent.ports.face import FaceReading
from edge_agent.recognition.gallery import Gallery
from retail_core import limits
from retail_core.identity.face_match import Candidate, FacePolicy, Reach, threshold_for
from retail_core.texts.faults import FAULTS, FaultCode

Embedding = Float32s

OK_ZH, OK_EN = "这张可以", "this one is good"
AGAIN_ZH, AGAIN_EN = "和前一张一样,换个角度", "the same as before; move a little"
OTHER_ZH, OTHER_EN = "和前面不是同一个人", "not the same person as before"
ENOUGH_ZH, ENOUGH_EN = "已经够了", "that is enough"
# Templates that differ by this much in yaw or pitch (see the gates' units) show two views.
VIEWS_APART = 0.06
OTHER_VIEWS = (
    ("很好,请慢慢向左转一点点", "good; now turn a little to your left"),
    ("很好,请慢慢向右转一点点", "good; now turn a little to your right"),
    ("很好,请稍微抬一点头", "good; now lift your chin a little"),
)


@dataclass(frozen=True, slots=True)
class EnrolFrame:
    """What to tell about one picture; `code` is None when it was taken."""

    ok: bool
    code: FaultCode | None
    hint_zh: str
    hint_en: str


@dataclass(frozen=True, slots=True)
class EnrolPlan:
    """The templates to keep, in the order of the pictures, and a word about each picture.

    `enough` says whether they make a good enrolment; fewer still work, with more asking later.
    `lookalike` is a member of the gallery whom the face matches already.
    """

    frames: tuple[EnrolFrame, ...]
    templates: tuple[Embedding, ...]
    enough: bool
    lookalike: Candidate | None

    @property
    def accepted(self) -> int:
        """How many pictures were taken."""
        return sum(frame.ok for frame in self.frames)


def plan_enrolment(
    readings: Sequence[FaceReading],
    gallery: Gallery,
    policy: FacePolicy,
    member_id: UUID | None = None,
) -> EnrolPlan:
    """Judge the pictures of one person; templates the member has already count as the first."""
    held = gallery.templates_of(member_id) if member_id is not None else ()
    taken = list(held)
    frames = []
    for reading in readings:
        frame = _judge(reading, taken, policy)
        frames.append(frame)
        if frame.ok and reading.embedding is not None:
            taken.append(reading.embedding)
    fresh = tuple(taken[len(held) :])
    enough = len(taken) >= limits.ENROL_FRAMES_MIN
    return EnrolPlan(tuple(frames), fresh, enough, lookalike(fresh, gallery, policy, member_id))


def another_view(reading: FaceReading, taken: Sequence[FaceReading]) -> EnrolFrame | None:
    """Return what to ask for when this view is held already; None for a new or unknown one."""
    if "yaw" not in reading.quality or not taken:
        return None
    views = [_view(one) for one in (*taken, reading)]
    *held, (yaw, pitch) = views
    if all(max(abs(yaw - y), abs(pitch - p)) >= VIEWS_APART for y, p in held):
        return None
    first_yaw = held[0][0]
    turned = [y - first_yaw for y, _ in held]
    # To her left is to the picture's right.
    missing = (max(turned) < VIEWS_APART, min(turned) > -VIEWS_APART, True)
    zh, en = OTHER_VIEWS[missing.index(True)]
    return EnrolFrame(ok=False, code=None, hint_zh=zh, hint_en=en)


def _view(reading: FaceReading) -> tuple[float, float]:
    return reading.quality.get("yaw", 0.0), reading.quality.get("pitch", 0.0)


def lookalike(
    templates: Sequence[Embedding],
    gallery: Gallery,
    policy: FacePolicy,
    member_id: UUID | None = None,
) -> Candidate | None:
    """Return another member whom these templates match as a visitor would, or None."""
    threshold = threshold_for(gallery.members, policy.target_fpir_permille, policy)
    # Who is below it is warned of by nobody, so nobody below it is read to the end.
    reach = Reach(threshold, inf, threshold)
    found = (one for template in templates for one in gallery.search(template, reach))
    nearest = [one for one in found if one is not None and one.member_id != member_id]
    return max(nearest, key=lambda candidate: candidate.score, default=None)


def _judge(reading: FaceReading, taken: Sequence[Embedding], policy: FacePolicy) -> EnrolFrame:
    if reading.embedding is None:
        return _refused(reading)
    if len(taken) >= limits.ENROL_FRAMES_MAX:
        return EnrolFrame(ok=False, code=None, hint_zh=ENOUGH_ZH, hint_en=ENOUGH_EN)
    alike = [float(other @ reading.embedding) for other in taken]
    if alike and max(alike) < policy.same_person_min:
        code = FaultCode.FACE_SEVERAL
        return EnrolFrame(ok=False, code=code, hint_zh=OTHER_ZH, hint_en=OTHER_EN)
    if alike and max(alike) > policy.same_picture:
        return EnrolFrame(ok=False, code=None, hint_zh=AGAIN_ZH, hint_en=AGAIN_EN)
    return EnrolFrame(ok=True, code=None, hint_zh=OK_ZH, hint_en=OK_EN)


def _refused(reading: FaceReading) -> EnrolFrame:
    code = reading.refused_by or FaultCode.FACE_NONE
    fields = {"count": int(reading.quality.get("faces", 0)), **reading.fields}
    spec = FAULTS[code]
    return EnrolFrame(
        ok=False,
        code=code,
        hint_zh=spec.zh.format_map(fields),
        hint_en=spec.en.format_map(fields),
    )
