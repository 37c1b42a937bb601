"""The whole accuracy report of a folder of faces, and its JSON."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.drivers.face_onnx.engine import FaceModels
from edge_agent.evaluate.face_folder import Labels, read_labels
from edge_agent.evaluate.face_pairs import BINS, Pairs, Rate, Scores, compare, histogram
from edge_agent.evaluate.face_photos import VISIT_FRAMES, Gathered, Photo, gather, no_face
from edge_agent.evaluate.face_visits import (
    ASKED,
    RIGHT,
    UNKNOWN,
    WRONG,
    OpenSet,
    Visit,
    Visits,
    leave_one_out,
    open_set,
)
from edge_agent.evaluate.intervals import share
from edge_agent.ports.face import FaceReading
from edge_agent.recognition.faces import LIVE_MIN
from retail_core import limits
from retail_core.identity.face_match import FacePolicy

READING, COMPARING, DRAWING = "读取照片 / photos", "模拟收银台 / visits", "开集 / open set"
PERCENTILES = (0.1, 1, 50, 99, 99.9)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FaceReport:
    """Everything that was measured."""

    folder: str
    model_id: str
    policy: FacePolicy
    labels: Labels
    gathered: Gathered
    pairs: Pairs
    visits: Visits
    open_set: tuple[OpenSet, ...]

    @property
    def detector_misses(self) -> tuple[str, ...]:
        """Files in which no face was found."""
        return tuple(photo.file for photo in self.gathered.photos if no_face(photo))

    @property
    def people(self) -> int:
        """How many people were read."""
        return len({photo.person for photo in self.gathered.photos})

    def gates(self) -> dict[str, dict[str, int]]:
        """Count refusals by gate, at the till and at enrolment."""
        photos = self.gathered.photos
        return {
            "till": _refusals([photo.at_till for photo in photos]),
            "enrolment": _refusals([photo.at_enrolment for photo in photos]),
        }

    def wrong_members(self) -> tuple[Visit, ...]:
        """Members who were taken for another member."""
        return tuple(visit for visit in self.visits.as_member if visit.outcome == WRONG)

    def strangers_accepted(self) -> tuple[Visit, ...]:
        """Strangers who were taken for a member."""
        return tuple(visit for visit in self.visits.as_stranger if visit.outcome == WRONG)


def evaluate_faces(folder: Path, models: FaceModels, progress: Progress) -> FaceReport:
    """Measure a folder; Fault SETUP_CONFIG_INVALID when it has no usable labels."""
    labels = read_labels(folder)
    gathered = gather(folder, labels, models, lambda done, of: progress(READING, done, of))
    usable, policy = gathered.usable, models.policy
    pairs = compare(usable)
    visits = leave_one_out(
        usable, models.model_id, policy, lambda done, of: progress(COMPARING, done, of)
    )
    drawn = open_set(usable, models.model_id, policy, lambda done, of: progress(DRAWING, done, of))
    name = folder.resolve().name
    return FaceReport(name, models.model_id, policy, labels, gathered, pairs, visits, drawn)


def figures(report: FaceReport) -> dict[str, Any]:
    """Return the report for programs; shares are 0..1, a share of nothing is null."""
    gathered, labels, pairs = report.gathered, report.labels, report.pairs
    result: dict[str, Any] = {
        "folder": report.folder,
        "model_id": report.model_id,
        "photos": len(gathered.photos),
        "people": report.people,
        "rows_incomplete": labels.incomplete,
        "rows_repeated": labels.repeated,
        "files_missing": list(gathered.missing),
        "files_unreadable": list(gathered.unreadable),
        "files_same_picture": list(gathered.same_picture),
        "files_two_names": list(gathered.two_names),
        "detector_misses": len(report.detector_misses),
        "detector_miss_files": list(report.detector_misses),
        "gates": report.gates(),
        "liveness": _liveness(gathered.photos),
        "genuine_pairs": len(pairs.genuine),
        "impostor_pairs": len(pairs.impostor),
        "people_with_pairs": pairs.people,
        "photos_compared": min(len(gathered.usable), pairs.drawn_from),
        "eer": pairs.eer,
        "eer_threshold": pairs.eer_threshold,
    }
    for rate in pairs.rates:
        result |= _rate(rate)
    return result | _till(report) | _distributions(pairs)


def _rate(rate: Rate) -> dict[str, Any]:
    name = f"tar_at_fmr_1e-{round(-np.log10(rate.fmr))}"
    return {
        name: rate.tar.value,
        f"{name}_ci": rate.tar.interval,
        f"{name}_threshold": rate.threshold,
        f"{name}_supported": rate.supported,
        f"{name}_pairs_needed": rate.pairs_needed,
    }


def _till(report: FaceReport) -> dict[str, Any]:
    visits, policy = report.visits, report.policy
    fmr, tar = report.pairs.passed(visits.threshold)
    return {
        "shipped": {
            "members": visits.members,
            "threshold": visits.threshold,
            "margin": policy.margin,
            "ask_band": policy.ask_band,
            "target_fpir_permille": policy.target_fpir_permille,
            "vote_frames": limits.VOTE_FRAMES,
            "frames_a_visit": VISIT_FRAMES,
            "single_comparison_fmr": fmr,
            "single_comparison_tar": tar,
        },
        "wrong_members": len(report.wrong_members()),
        "strangers_accepted": len(report.strangers_accepted()),
        "as_member": _outcomes(visits.as_member),
        "as_stranger": _outcomes(visits.as_stranger),
        "wrong_member_visits": [asdict(visit) for visit in report.wrong_members()],
        "strangers_accepted_visits": [asdict(visit) for visit in report.strangers_accepted()],
        "not_recognised_visits": [
            asdict(visit) for visit in visits.as_member if visit.outcome in {ASKED, UNKNOWN}
        ],
        "open_set": [_drawn(one) for one in report.open_set],
    }


def _outcomes(visits: Sequence[Visit]) -> dict[str, Any]:
    counts = Counter(visit.outcome for visit in visits)
    people = len({visit.person for visit in visits})
    shares = {name: share(counts[name], len(visits), independent=people) for name in counts}
    return {
        "visits": len(visits),
        "people": people,
        **{name: counts[name] for name in (RIGHT, WRONG, ASKED, UNKNOWN)},
        "shares_ci": {name: one.interval for name, one in shares.items()},
    }


def _drawn(one: OpenSet) -> dict[str, Any]:
    return {
        "members": one.members,
        "draws": one.draws,
        "threshold": one.threshold,
        "fpir": one.fpir.value,
        "fpir_ci": one.fpir.interval,
        "fnir": one.fnir.value,
        "fnir_ci": one.fnir.interval,
        "wrong_members": one.wrong,
        "stranger_visits": one.stranger_visits,
        "member_visits": one.member_visits,
    }


def _distributions(pairs: Pairs) -> dict[str, Any]:
    return {
        "genuine": _spread(pairs.genuine),
        "impostor": _spread(pairs.impostor),
        "histogram": {
            "edges": [round(float(edge), 2) for edge in BINS],
            "genuine": histogram(pairs.genuine),
            "impostor": histogram(pairs.impostor),
        },
        "worst_genuine": [asdict(pair) for pair in pairs.worst_genuine],
        "worst_impostor": [asdict(pair) for pair in pairs.worst_impostor],
    }


def _spread(scores: Scores) -> dict[str, float] | None:
    if not len(scores):
        return None
    named = {f"p{percent:g}": float(np.percentile(scores, percent)) for percent in PERCENTILES}
    ends = {"min": float(scores[0]), "max": float(scores[-1]), "mean": float(scores.mean())}
    return ends | named


def _liveness(photos: Sequence[Photo]) -> dict[str, Any]:
    hints = [photo.at_till.liveness for photo in photos if photo.at_till.liveness is not None]
    asked = sum(hint < LIVE_MIN for hint in hints)
    return {"photos": len(hints), "would_ask": asked, "least_live": LIVE_MIN}


def _refusals(readings: Sequence[FaceReading]) -> dict[str, int]:
    counts = Counter(one.refused_by.value for one in readings if one.refused_by is not None)
    return dict(sorted(counts.items()))
