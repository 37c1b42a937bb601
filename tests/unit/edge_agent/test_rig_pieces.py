"""A long run of the rig in pieces: what earlier ones came to counts on, and only that."""

import json
from pathlib import Path

from tools.kill_rig.pieces import Pieces

FIRST = {
    "kills": {"count": 40, "by_process": {"agent": 30, "broker": 10}, "longest_calm_s": 4.5},
    "told": 200,
    "lost": 0,
    "examples": {"lost": []},
    "held": True,
}
SECOND = {
    "kills": {"count": 7, "by_process": {"agent": 5, "ingest": 2}, "longest_calm_s": 1.5},
    "told": 31,
    "lost": 1,
    "held": False,
}


def test_pieces_add_up_and_one_that_failed_fails_the_whole(tmp_path: Path) -> None:
    out = tmp_path / "report" / "rig.json"
    Pieces(out, "", resume=True).with_this(FIRST)
    later = Pieces(out, "", resume=True)
    assert (len(later), later.done("kills"), later.done("cuts")) == (1, 40, 0)
    told = later.with_this(SECOND)
    assert told == json.loads(out.read_text())
    assert told["kills"] == {
        "count": 47,
        "by_process": {"agent": 35, "broker": 10, "ingest": 2},
        "longest_calm_s": 4.5,
    }
    assert (told["told"], told["lost"], told["held"]) == (231, 1, False)
    assert told["pieces"] == [FIRST, SECOND]


def test_a_fresh_run_and_a_control_arm_begin_anew(tmp_path: Path) -> None:
    out = tmp_path / "rig.json"
    Pieces(out, "", resume=True).with_this(FIRST)
    assert Pieces(out, "", resume=False).done("kills") == 0
    assert Pieces(out, "sent", resume=True).done("kills") == 0
    assert len(Pieces(None, "", resume=True)) == 0
