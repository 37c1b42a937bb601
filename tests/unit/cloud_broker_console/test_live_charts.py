"""What a browser is told of charts."""

from datetime import date

from cloud_broker.console import live_charts
from cloud_broker.console.campaign_sheets import uplift_chart
from cloud_broker.console.charts import FIGURES, Chart
from cloud_broker.console.stock_sheets import StockChart
from cloud_broker.ports.campaigns import Look
from cloud_broker.ports.segments import SegmentRun

LEAST = next(one for one in FIGURES if one.name == "disk_free_percent")


def vitals(*pieces: tuple[tuple[int, int], ...]) -> Chart:
    return Chart(LEAST, 40, 9, 1, (), None, past=True, rows=(), pieces=pieces, low=True)


def test_a_silence_is_a_gap_and_no_line() -> None:
    told = live_charts.vitals(vitals(((1, 40), (2, 41)), ((9, 42),)), "空间", "界限")
    assert told["points"] == [(1, 40), (2, 41), (3, None), (9, 42), (10, None)]
    assert (told["x"], told["unit"], told["name"], told["top"]) == ("time", "%", "空间", 100)
    assert told["limit"] == {"name": "界限", "at": 10}


def test_of_crowded_hours_the_worst_is_told() -> None:
    many = tuple((nth, 5 if nth == 777 else 50) for nth in range(10 * live_charts.POINTS_MAX))
    told = [value for _, value in live_charts.vitals(vitals(many), "空间", "界限")["points"]]
    assert len(told) <= live_charts.POINTS_MAX + 1
    assert told.count(5) == 1


def test_uplift_has_its_interval_and_nothing_as_its_limit() -> None:
    looks = [
        Look(date(2026, 11, 1), 0, {"conversion": {"value": 0.01, "low": -0.02, "high": 0.04}})
    ]
    drawn = uplift_chart(looks)
    assert drawn is not None
    told = live_charts.uplift(drawn, "增量", "零")
    assert (told["points"], told["band"]) == (
        [("2026-11-01", 0.01)],
        [("2026-11-01", -0.02, 0.04)],
    )
    assert (told["unit"], told["limit"]["at"]) == ("points", 0)


def test_people_are_told_oldest_first() -> None:
    runs = [SegmentRun(at, 1, date(2026, 11, 1), people, 0, 0) for at, people in ((2, 5), (1, 4))]
    assert live_charts.people(runs, "人数")["points"] == [(1, 4), (2, 5)]


def test_demand_is_told_beside_what_is_there() -> None:
    sums = (("2026-11-02", 3.14159, 1.0, 5.0), ("2026-11-09", 7.0, 2.0, 9.96))
    drawn = StockChart("", "", 0.0, 6, 2, (), sums)
    told = live_charts.demand(drawn, "要", "有")
    assert told["points"] == [("2026-11-02", 3.1), ("2026-11-09", 7.0)]
    assert told["band"] == [("2026-11-02", 1.0, 5.0), ("2026-11-09", 2.0, 10.0)]
    assert told["limit"] == {"name": "有", "at": 6}


def test_amounts_that_nobody_has_are_left_out() -> None:
    told = live_charts.bars(["甲", "乙"], {"来": [1, 2], "花": [0, 0]})
    assert told["bars"] == [{"name": "来", "values": [1, 2]}]
    assert told["names"] == ["甲", "乙"]
