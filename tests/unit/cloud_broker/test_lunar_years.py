"""The package that knows the lunar calendar says what almanacs print."""

from datetime import date, timedelta
from itertools import pairwise

from cloud_broker.domain.lunar import lunar_year
from tests.factories.lunar_years import FIRST_YEAR, LAST_YEAR, printed_year


def test_the_package_agrees_with_the_spring_festivals_everybody_knows() -> None:
    festivals = {
        1990: date(1990, 1, 27),
        2000: date(2000, 2, 5),
        2012: date(2012, 1, 23),
        2070: date(2070, 2, 11),
    }
    assert {year: lunar_year(year)[0].first for year in festivals} == festivals


def test_the_package_agrees_with_the_almanac_month_by_month() -> None:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        assert lunar_year(year) == printed_year(year)


def test_years_follow_each_other_without_a_gap() -> None:
    months = [month for year in range(2023, 2028) for month in lunar_year(year)]
    for this, following in pairwise(months):
        assert this.first + timedelta(days=this.days) == following.first
