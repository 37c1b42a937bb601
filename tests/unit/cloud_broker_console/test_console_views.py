"""The first page as values: grouping, order, figures, issues, versions, deltas."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.console.deltas import EVERYTHING, delta, snapshot
from cloud_broker.console.views import (
    LIVE_SALES,
    RANK,
    Group,
    Wall,
    tile_view,
    wall_of,
    with_tiles,
)
from cloud_broker.services.access.overview import Overview, StoreState, StoreTile
from tests.unit.cloud_broker_console.console_fakes import (
    NOW_MS,
    TENANT,
    FakeHqQueries,
    sale,
    tile,
    tiles,
)

STATES: tuple[StoreState, ...] = ("ok", "degraded", "cannot", "gone", "never")
states = st.lists(st.sampled_from(STATES), min_size=1, max_size=60)  # roomy walls and dense


def overview(*stores: StoreTile) -> Overview:
    return FakeHqQueries(stores).overview(TENANT)


def wall(*stores: StoreTile) -> Wall:
    return wall_of(overview(*stores), ())


def apply(old: Wall, new: Wall) -> tuple[Group, ...]:
    """Do to the old groups what a browser does with the delta."""
    change = delta(old, new)
    if "wall" in change.parts:
        return as_drawn(new)
    by_key = {group.key: group for group in change.groups}
    by_id = {view.store_id: view for view in change.tiles}
    groups = [by_key.get(group.key, group) for group in old.groups]
    told = tuple(
        replace(group, tiles=tuple(by_id.get(view.store_id, view) for view in group.tiles))
        for group in groups
    )
    return as_drawn(replace(new, groups=told))


def as_drawn(shown: Wall) -> tuple[Group, ...]:
    """Return the groups as they are seen: on a dense wall the style sheet orders the tiles."""
    if shown.roomy:
        return shown.groups
    return tuple(
        replace(one, tiles=tuple(sorted(one.tiles, key=lambda view: (RANK[view.state], view.name))))
        for one in shown.groups
    )


def test_stores_stand_by_city_and_worst_first() -> None:
    made = wall(tile(0), tile(3, "cannot"), tile(6, "degraded"), tile(1), tile(9, "gone"))
    assert [(group.region, group.city) for group in made.groups] == [
        ("华东", "上海"),
        ("西南", "成都"),
    ]
    assert [view.state for view in made.groups[0].tiles] == ["cannot", "gone", "degraded", "ok"]


@given(states)
def test_every_store_is_counted_and_shown_once(given_states: list[StoreState]) -> None:
    made = wall(*(tile(number, state) for number, state in enumerate(given_states)))
    shown = [view for group in made.groups for view in group.tiles]
    assert len(shown) == len({view.store_id for view in shown}) == len(given_states)
    assert made.figures.total == len(given_states)
    for group in made.groups:
        ranks = [RANK[view.state] for view in group.tiles]
        assert ranks == sorted(ranks)


@given(states, st.data())
def test_a_delta_brings_the_old_page_to_the_new_one(
    before: list[StoreState], data: st.DataObject
) -> None:
    after = data.draw(states)
    old = wall(*(tile(number, state) for number, state in enumerate(before)))
    new = wall(*(tile(number, state) for number, state in enumerate(after)))
    assert apply(old, new) == as_drawn(new)
    assert bool(delta(old, new)) == (old.version() != new.version())


def test_a_sale_in_one_shop_sends_one_tile() -> None:
    stores = tiles(300)
    sold = replace(stores[7], sales_today=99, last_sale_fen=100)
    change = delta(wall(*stores), wall(*stores[:7], sold, *stores[8:]))
    assert change.groups == ()
    assert change.tiles == (tile_view(sold),)
    assert change.parts == ("totals",)


def test_a_new_state_sends_the_group_because_the_order_moves() -> None:
    stores = tiles(9)
    sick = replace(stores[4], state="cannot")
    change = delta(wall(*stores), wall(*stores[:4], sick, *stores[5:]))
    assert [group.city for group in change.groups] == ["成都"]
    assert change.tiles == ()
    assert "figures" in change.parts
    assert "issues" in change.parts


def test_a_heartbeat_alone_changes_nothing() -> None:
    stores = tiles(5)
    beat = replace(stores[0], last_seen_ms=NOW_MS)
    assert not delta(wall(*stores), wall(beat, *stores[1:]))


def test_the_snapshot_is_everything() -> None:
    assert snapshot().parts == EVERYTHING


def test_growing_past_the_roomy_size_draws_the_wall_again() -> None:
    assert wall(*tiles(24)).roomy
    assert not wall(*tiles(25)).roomy
    assert delta(wall(*tiles(24)), wall(*tiles(25))).parts[-1] == "wall"


def test_a_silent_box_is_silent_since_it_was_last_heard() -> None:
    view = tile_view(tile(0, "gone"))
    assert view.since_ms == NOW_MS - 184_000
    assert view.peripherals == ()


def test_issues_are_worst_first_and_end_with_the_queues() -> None:
    made = FakeHqQueries((tile(0, "degraded"), tile(1, "cannot"), tile(2, chain_breaks=2)))
    made.versions = (0, 0)
    seen = replace(made.overview(TENANT), open_repairs=4, names_to_review=3)
    issues = wall_of(seen, ()).issues
    assert [issue.kind for issue in issues] == [
        "no_catalogue",
        "no_bundle",
        "store",
        "store",
        "chain",
        "repairs",
        "names",
    ]
    assert [issue.state for issue in issues if issue.kind == "store"] == ["cannot", "degraded"]
    assert [issue.count for issue in issues[-3:]] == [2, 4, 3]


def test_only_the_latest_sales_are_on_the_page() -> None:
    made = wall_of(overview(*tiles(3)), (sale(number) for number in range(40)))
    assert len(made.sales) == LIVE_SALES


def test_fresh_tiles_move_the_sums_of_the_day() -> None:
    before = overview(*tiles(3))
    fresh = replace(before.stores[1], sales_today=100, revenue_today_fen=1)
    after = with_tiles(before, (fresh, tile(99)))
    assert after.stores[1] == fresh
    assert len(after.stores) == len(before.stores)
    assert after.sales_today == before.sales_today - before.stores[1].sales_today + 100


def test_the_version_names_the_content() -> None:
    assert wall(*tiles(3)).version() == wall(*tiles(3)).version()
    assert wall(*tiles(3)).version() != wall(*tiles(4)).version()
    assert UUID(int=100) == tiles(1)[0].store_id
