"""The report in words: one line a figure, zh and en, and what the figures cannot say."""

from dataclasses import dataclass
from math import log10
from typing import Literal

from edge_agent.evaluate.face_pairs import Rate
from edge_agent.evaluate.face_report import FaceReport
from edge_agent.evaluate.face_visits import ASKED, RIGHT, UNKNOWN, Visit
from edge_agent.evaluate.intervals import Share

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure; `mark` is `bad` where a figure should have been zero and is not."""

    zh: str
    en: str
    value: str
    note: str = ""
    mark: Literal["", "good", "bad", "unsure"] = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader must know about the figures."""

    zh: str
    en: str


def summary(report: FaceReport) -> list[Line]:
    """Return the figures, the most important first."""
    pairs, visits = report.pairs, report.visits
    wrong, accepted = len(report.wrong_members()), len(report.strangers_accepted())
    misses = len(report.detector_misses)
    members = f"{visits.members} 名会员 members, 阈值 threshold {visits.threshold:.3f}"
    return [
        Line("照片", "photos", str(len(report.gathered.photos)), f"{report.people} 人 people"),
        Line("没找到人脸", "faces missed by the detector", str(misses), mark=_zero(misses)),
        Line("认成别的会员", "taken for another member", str(wrong), members, _zero(wrong)),
        Line(
            "陌生人被当成会员",
            "strangers taken for a member",
            str(accepted),
            f"{len(visits.as_stranger)} 次 visits",
            _zero(accepted),
        ),
        Line("等错误率 EER", "equal error rate", percent(pairs.eer), _pairs(report)),
        *(_rate(rate, len(pairs.impostor)) for rate in pairs.rates),
        *_as_member(report),
        *_unusable(report),
    ]


def remarks(report: FaceReport) -> list[Remark]:
    """Say what the figures rest on, and what they do not show."""
    said = [
        Remark(
            "区间为 95 % Wilson,按人数而不是按对数计算:同一个人的照片对不是独立证据。",
            "Intervals are Wilson's at 95 %, for so many people and not pairs: pairs of one person"
            " are no separate evidence.",
        ),
        Remark(
            "一次到访由一张照片加轻微位移、亮度和噪声而成;表决能挡偶然的错,挡不住相像的人。",
            "A visit is one photo, shifted, brightened and with noise; the vote guards against a"
            " passing error, not against a lookalike.",
        ),
        Remark(
            "被质量门拒绝的照片不参与比对,只在质量门一栏计数。",
            "Photos that a gate refused are compared with nobody; they count under the gates only.",
        ),
    ]
    weak = [rate for rate in report.pairs.rates if not rate.supported]
    if weak:
        names = ", ".join(_power(rate) for rate in weak)
        count, needed = len(report.pairs.impostor), weak[0].pairs_needed
        said.insert(
            0,
            Remark(
                f"FMR {names} 的数字缺少足够的异人照片对:有 {count:,} 对,至少要 {needed:,} 对。",
                f"The figures at FMR {names} rest on too few pairs of two people: {count:,} of at"
                f" least {needed:,}.",
            ),
        )
    return said


def percent(value: float | None, digits: int = 2) -> str:
    """Return a share as a percentage, or a dash."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def interval(share: Share) -> str:
    """Return the interval of a share, or nothing."""
    if share.low is None or share.high is None:
        return ""
    return f"[{100 * share.low:.1f}, {100 * share.high:.1f}] %"


def _pairs(report: FaceReport) -> str:
    pairs = report.pairs
    return f"同人 same {len(pairs.genuine):,} 对, 异人 different {len(pairs.impostor):,} 对"


def _rate(rate: Rate, pairs: int) -> Line:
    power = _power(rate)
    note = interval(rate.tar)
    if not rate.supported:
        note = f"{note} · 证据不足 too few pairs ({pairs:,} < {rate.pairs_needed:,})".lstrip(" ·")
    elif rate.threshold is not None:
        note = f"{note} · {rate.threshold:.3f}"
    mark: Literal["", "unsure"] = "" if rate.supported else "unsure"
    return Line(
        f"FMR {power} 时的正确率", f"TAR at FMR {power}", percent(rate.tar.value), note, mark
    )


def _power(rate: Rate) -> str:
    return f"1e-{-log10(rate.fmr):.0f}"


def _as_member(report: FaceReport) -> list[Line]:
    visits = report.visits.as_member
    return [
        Line(zh, en, f"{_count(visits, outcome)} / {len(visits)}")
        for outcome, zh, en in (
            (RIGHT, "会员被认出", "members recognised"),
            (ASKED, "请会员出示会员码", "members asked for another factor"),
            (UNKNOWN, "会员没认出", "members not recognised"),
        )
    ]


def _unusable(report: FaceReport) -> list[Line]:
    gathered, labels = report.gathered, report.labels
    counted = (
        ("文件不存在", "files missing", len(gathered.missing)),
        ("图片读不了", "pictures unreadable", len(gathered.unreadable)),
        ("重复的图片", "the same picture again", len(gathered.same_picture) + labels.repeated),
        ("同一张图两个人名", "one picture of two people", len(gathered.two_names)),
        ("标签不全的行", "rows without file or identity", labels.incomplete),
    )
    return [Line(zh, en, str(count), mark="unsure") for zh, en, count in counted if count]


def _count(visits: tuple[Visit, ...], outcome: str) -> int:
    return sum(visit.outcome == outcome for visit in visits)


def _zero(count: int) -> Literal["good", "bad"]:
    return "bad" if count else "good"
