"""What every `CollectionRepo`, `ChannelOrderRepo`, `FileImportRepo` and `MoverRepo` owes."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from cloud_broker.ports.channel_orders import PlacedOrder
from cloud_broker.ports.collection import ChannelEvent, Place, Refusal, Source, WriteKey
from cloud_broker.ports.imports import FileImport, MovedMember, NewcomerRow, OldConsent
from cloud_broker.ports.unit import Unit, Units
from retail_core.insight.channel_orders.words import Buyer, OrderLine, OrderWord, Said, fold
from retail_core.insight.collection.plain import Person
from tests.fakes.cloud_box import WALL_MS, fresh_id
from tests.plugins.cloud import new_box, new_tenant

SHOP = Source(UUID(int=1), "商城", "web", "sdk", "li", WALL_MS, ("https://shop.example",))


def a_source(unit: Unit) -> Source:
    source = replace(SHOP, source_id=fresh_id())
    assert unit.collection.add_source(source)
    return source


def an_event(source: Source, number: int, received_ms: int = WALL_MS) -> ChannelEvent:
    return ChannelEvent(
        event_id=UUID(int=number),
        source=source.source_id,
        channel="web",
        kind="track",
        received_ms=received_ms,
        at_ms=received_ms - 5,
        name="Product Viewed",
        user_id="",
        anonymous_id="v",
        session_id="s",
        sku="A1",
        category="",
        body=b"{}",
    )


def test_a_source_is_entered_once_by_name_and_changed(any_units: Units) -> None:
    here, other = new_tenant(any_units), new_tenant(any_units)
    with any_units.begin(here) as unit:
        source = a_source(unit)
        assert not unit.collection.add_source(replace(SHOP, source_id=fresh_id()))
        unit.collection.change_source(source.source_id, ("https://a.example",), b"x", WALL_MS)
        changed = replace(source, origins=("https://a.example",), sealed=b"x", ended_ms=WALL_MS)
        assert unit.collection.source(source.source_id) == changed
        assert unit.collection.sources() == (changed,)
    with any_units.begin(other) as unit:
        assert unit.collection.source(source.source_id) is None


def test_keys_end_but_for_the_newest_and_never_later_than_before(any_units: Units) -> None:
    here = new_tenant(any_units)
    with any_units.begin(here) as unit:
        source = a_source(unit)
        for number, made_ms in enumerate((WALL_MS, WALL_MS + 1)):
            key = WriteKey(bytes([number]) * 32, source.source_id, "li", made_ms)
            unit.collection.add_key(key)
        assert unit.collection.end_keys(source.source_id, WALL_MS + 9, but=bytes([1]) * 32) == 1
        assert unit.collection.end_keys(source.source_id, WALL_MS + 99, but=bytes([1]) * 32) == 0
        newest, old = unit.collection.keys(source.source_id)
        assert (newest.ends_ms, old.ends_ms) == (None, WALL_MS + 9)
        assert old.good(WALL_MS + 8)
        assert not old.good(WALL_MS + 9)
        unit.collection.key_used(newest.key_hash, WALL_MS)
        unit.collection.key_used(newest.key_hash, WALL_MS + 59_000)
        found = unit.collection.key(newest.key_hash)
        assert found == (replace(newest, used_ms=WALL_MS), source)
        assert unit.collection.key(b"?" * 32) is None


def test_what_is_said_of_a_person_adds_up_and_leads_to_a_member(any_units: Units) -> None:
    here = new_tenant(any_units)
    box = new_box(any_units, here)
    phone = fresh_id().bytes
    with any_units.begin(here) as unit:
        source, member = a_source(unit), fresh_id()
        unit.movers.add_newcomers([a_newcomer(member, box.store, phone)], WALL_MS)
        unit.members.add_identities({("phone", phone): member}, WALL_MS)
        said = [
            Person("u:1", phone, None, {"a": 1}),
            Person("u:1", None, b"e", {"b": 2}),
            Person("a:1", phone, None, {}),
        ]
        unit.collection.note_persons(source.source_id, said, WALL_MS)
        found = unit.collection.members_of(source.source_id, ["u:1", "a:1", "u:2"])
        # A device that many hold says many numbers: by it nobody is somebody.
        assert found == {"u:1": member}


def test_what_could_not_be_used_is_listed_counted_and_decided(any_units: Units) -> None:
    here = new_tenant(any_units)
    with any_units.begin(here) as unit:
        source = a_source(unit)
        items = [
            Refusal(fresh_id(), source.source_id, WALL_MS + n, "E136", "field=event", "", b"{}")
            for n in range(3)
        ]
        unit.collection.refuse(items)
        assert unit.collection.refused("open", 2) == (items[2], items[1])
        assert unit.collection.count_refused() == {"E136": 3}
        unit.collection.decide(items[0].refused_id, "dropped", "li", WALL_MS)
        assert unit.collection.count_refused() == {"E136": 2}
        dropped = unit.collection.refusal(items[0].refused_id)
        assert dropped == replace(items[0], state="dropped", payload=b"")
        assert unit.collection.refusal(fresh_id()) is None


def test_the_log_is_read_in_one_order_from_any_place(any_units: Units) -> None:
    here = new_tenant(any_units)
    with any_units.begin(here) as unit:
        source = a_source(unit)
        events = [an_event(source, n, WALL_MS + n // 2) for n in (3, 1, 2, 4)]
        unit.collection.add_events(events)
        start, end = Place(0, UUID(int=0)), (WALL_MS + 2) * 1_000
        rows = unit.collection.replay(start, end, 10)
        assert [one.place.event_id.int for one in rows] == [1, 2, 3]
        assert (rows[0].type, rows[0].name, rows[0].sku) == (
            "channel.track",
            "Product Viewed",
            "A1",
        )
        again = unit.collection.replay(rows[0].place, end, 1)
        assert again == rows[1:2]
        assert unit.collection.settled_us(WALL_MS) <= WALL_MS * 1_000


def test_an_order_is_written_over_and_a_version_stands_once(any_units: Units) -> None:
    here = new_tenant(any_units)
    origin = fresh_id()
    line = OrderLine("A1", "面霜", 2_000, 300, 200, promoted=True)
    word = OrderWord("web", "n-1", 5, status="paid", ordered_ms=WALL_MS, lines=(line,))
    said = Said(origin, word)
    order = fold([said])
    assert order is not None
    placed = PlacedOrder(order, date(2026, 11, 1), 9, None, None, (None,))
    with any_units.begin(here) as unit:
        unit.channel_orders.lock([order.order_id])
        assert unit.channel_orders.add_words([said, said], WALL_MS) == ()
        other = Said(origin, OrderWord("web", "n-1", 5, status="cancelled", ordered_ms=WALL_MS))
        assert unit.channel_orders.add_words([other], WALL_MS) == (other,)
        assert unit.channel_orders.words([order.order_id]) == {order.order_id: (said,)}
        unit.channel_orders.save([placed], WALL_MS)
        unit.channel_orders.save([placed], WALL_MS)
        held = unit.channel_orders.order(order.order_id)
        assert held is not None
        assert held.order.lines == (line,)
        assert held == placed
        assert unit.channel_orders.totals() == {"web": (1, 200, 0)}
        assert unit.channel_orders.of_origin(origin, UUID(int=0), 5) == (order.order_id,)
        assert unit.channel_orders.of_origin(origin, order.order_id, 5) == ()
        unit.channel_orders.drop([order.order_id])
        assert unit.channel_orders.order(order.order_id) is None


def test_words_of_a_file_that_was_taken_back_do_not_count(any_units: Units) -> None:
    here = new_tenant(any_units)
    with any_units.begin(here) as unit:
        file = a_file(unit)
        word = OrderWord("web", "n-1", 5, ordered_ms=WALL_MS, buyer=Buyer())
        unit.channel_orders.add_words([Said(file.import_id, word)], WALL_MS)
        assert unit.channel_orders.words([word.order_id])
        unit.file_imports.turn(file.import_id, "undoing", WALL_MS)
        assert unit.channel_orders.words([word.order_id]) == {}


def test_codes_lead_to_articles(any_units: Units) -> None:
    here = new_tenant(any_units)
    with any_units.begin(here) as unit:
        assert unit.channel_orders.codes() == {}
        article = fresh_id()
        unit.catalogue.add_articles({"A1": article}, WALL_MS)
        assert unit.channel_orders.codes() == {"A1": article}


def test_a_file_runs_once_and_only_one_process_moves_it(any_units: Units) -> None:
    here = new_tenant(any_units)
    with any_units.begin(here) as unit:
        file = a_file(unit)
        again = replace(file, import_id=fresh_id())
        assert unit.file_imports.begin(again) == file
        assert unit.file_imports.advance(file, 10, {"orders": 3}, WALL_MS)
        assert not unit.file_imports.advance(file, 10, {"orders": 3}, WALL_MS)
        held = unit.file_imports.get(file.import_id)
        assert held == replace(file, rows_done=10, counts={"orders": 3})
        unit.file_imports.turn(file.import_id, "undone", WALL_MS)
        assert unit.file_imports.begin(again) == again
        assert len(unit.file_imports.files(5)) == 2


def test_members_of_a_file_are_entered_found_by_card_and_forgotten(any_units: Units) -> None:
    here = new_tenant(any_units)
    box = new_box(any_units, here)
    member, card, phone = fresh_id(), fresh_id().bytes, fresh_id().bytes
    with any_units.begin(here) as unit:
        file = a_file(unit)
        unit.movers.add_newcomers([a_newcomer(member, box.store, phone)], WALL_MS)
        unit.members.add_identities({("phone", phone): member}, WALL_MS)
        unit.movers.bind_cards({card: member}, WALL_MS)
        assert unit.movers.card_owners([card, b"?"]) == {card: member}
        assert unit.members.find("card", card) == member
        consent = OldConsent(fresh_id(), member, "marketing", True, box.store, WALL_MS)  # noqa: FBT003
        unit.movers.add_consents([consent], WALL_MS)
        moved = MovedMember(2, member, True, "gold", 0, (card,), ("c",), ("marketing",))  # noqa: FBT003
        unit.movers.note_moved(file.import_id, [moved])
        assert unit.movers.moved(file.import_id, 0, 9) == (moved,)
        assert unit.movers.still_given(file.import_id, 9) == (moved,)
        totals = unit.movers.totals(file.import_id)
        assert (totals.rows, totals.members, totals.points) == (1, 1, 0)
        assert dict(totals.by_tier) == {"gold": 1}
        assert unit.movers.active([member], file.import_id) == {member}
        unit.movers.end_cards([card], WALL_MS)
        assert unit.movers.card_owners([card]) == {}
        assert unit.movers.active([member], file.import_id) == frozenset()
        unit.movers.taken_back(file.import_id, {2: 0})
        assert unit.movers.still_given(file.import_id, 9) == ()
        unit.movers.forget_numbers([member])
        assert unit.members.find("phone", phone) is None
        # A card that ended may name somebody again.
        unit.movers.bind_cards({card: member}, WALL_MS)
        assert unit.movers.card_owners([card]) == {card: member}


def a_file(unit: Unit) -> FileImport:
    sha = fresh_id().bytes * 2
    new = FileImport(fresh_id(), "orders", "old.csv", sha, {"channel": "web"}, "li", WALL_MS)
    return unit.file_imports.begin(new)


def a_newcomer(member: UUID, store: UUID, phone: bytes) -> NewcomerRow:
    birthday = ("solar", 3, 8)
    said = (member, fresh_id(), "李娜", "gold", "138****8000", phone * 2, store, WALL_MS, birthday)
    return NewcomerRow(*said)
