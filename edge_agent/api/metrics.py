"""The box's figures in Prometheus' text format; every label is of a set this program knows.

Names of devices come from the configuration, codes from the catalogue: no label is a member, a
receipt, or anything a caller may choose.
"""

from collections.abc import Iterable, Mapping

import msgspec

from edge_agent.api.models.health import HealthAnswered
from retail_core.wire.health import BoxVitals, IssueTold

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "regulars_box"
LABELS_MAX = 200
STATES = {"ok": 1, "off": 0, "starting": 0}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})

Sample = tuple[Mapping[str, str], int]


def metrics(health: HealthAnswered, vitals: BoxVitals, issues: Iterable[IssueTold]) -> str:
    """Return the page."""
    known = msgspec.structs.asdict(vitals)
    parts = [
        _family("can_sell", "1 where this shop can sell", [({}, int(health.can_sell))]),
        _family(
            "device_ok",
            "1 where a device works, 0 off or starting, -1 away or stalled",
            [({"device": name}, STATES.get(state, -1)) for name, state in health.devices.items()],
        ),
        _family("issue", "issues that stand", _counted(issues)),
        _family("outbox_depth", "events that wait to be sent", [({}, health.outbox_depth)]),
        _family("members", "members held here", [({}, health.members)]),
        _family(
            "faults_total",
            "faults since the start, by code",
            [({"code": code}, count) for code, count in health.faults.items()],
            kind="counter",
        ),
        *(
            _family(name, "figure of the last look; see BoxVitals", [({}, value)])
            for name, value in known.items()
            if value is not None
        ),
    ]
    return "".join(parts)


def _counted(issues: Iterable[IssueTold]) -> list[Sample]:
    counts: dict[str, int] = {}
    for one in issues:
        counts[one.code] = counts.get(one.code, 0) + 1
    return [({"code": code}, count) for code, count in sorted(counts.items())]


def _family(name: str, about: str, samples: list[Sample], kind: str = "gauge") -> str:
    head = f"# HELP {PREFIX}_{name} {about}\n# TYPE {PREFIX}_{name} {kind}\n"
    return head + "".join(
        f"{PREFIX}_{name}{_labels(labels)} {value}\n" for labels, value in samples[:LABELS_MAX]
    )


def _labels(labels: Mapping[str, str]) -> str:
    said = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{said}}}" if said else ""
