"""Fleet, catalogue and HQ, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.audit_chain import NO_HASH, link
from cloud_broker.ports.catalogue import Announcement, Document, Revision
from cloud_broker.ports.feed import FeedHead
from cloud_broker.ports.fleet import (
    BrokerAccount,
    DeviceState,
    NewDevice,
    NewOperator,
    NewStore,
    NewTill,
)
from cloud_broker.ports.hq import AuditAsked, AuditEntry, AuditRow, HqSession, HqUser
from cloud_broker.ports.masters import PriceFrom
from retail_core.catalog.article import Article
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import check_newer
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_masters import chain_price
from tests.fakes.cloud_state import State


class FakeFleetRepo:
    """A `FleetRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_tenant(self, name: str, slug: str, now_ms: int) -> None:
        self._state.names[slug] = name

    def add_legal_entity(self, legal_entity: UUID, name: str) -> UUID:
        return self._state.entities.setdefault(name, legal_entity)

    def add_region(self, region: UUID, name: str) -> UUID:
        return self._state.regions.setdefault(name, region)

    def add_store(self, store: NewStore, now_ms: int) -> None:
        if store.name in {known.name for known in self._state.stores.values()}:
            raise Fault(FaultCode.API_BODY_INVALID, detail=store.name)
        self._state.stores[store.store] = store
        self._state.heads[store.store] = FeedHead(1, 0, 0)

    def add_device(self, device: NewDevice, now_ms: int) -> None:
        self._state.retired |= {
            known.device
            for known in self._state.devices.values()
            if (known.store, known.slot) == (device.store, device.slot)
        }
        self._state.devices[device.device] = device

    def add_till(self, till: NewTill, now_ms: int) -> None:
        self._state.tills[till.till] = till

    def add_operator(self, operator: NewOperator, now_ms: int) -> None:
        self._state.operators[operator.operator] = operator

    def store_names(self) -> dict[UUID, str]:
        return {store.store: store.name for store in self._state.stores.values()}

    def _active(self) -> list[NewDevice]:
        devices = self._state.devices.values()
        return [device for device in devices if device.device not in self._state.retired]

    def _place(self, device: NewDevice) -> Place:
        store = self._state.stores[device.store]
        return Place(
            device.device,
            store.store,
            store.legal_entity,
            store.shard,
            store.zone,
            store.day_starts_at,
        )

    def device_by_token(self, token_hash: bytes) -> Place | None:
        for device in self._active():
            if device.token_hash == token_hash:
                return self._place(device)
        return None

    def places(self, devices: Collection[UUID]) -> dict[UUID, Place]:
        return {one.device: self._place(one) for one in self._active() if one.device in devices}

    def places_ever(self, devices: Collection[UUID]) -> dict[UUID, Place]:
        known = self._state.devices.values()
        return {one.device: self._place(one) for one in known if one.device in devices}

    def devices_of(self, stores: Collection[UUID]) -> dict[UUID, tuple[Place, ...]]:
        found: dict[UUID, tuple[Place, ...]] = {}
        for device in sorted(self._active(), key=lambda one: one.slot):
            if device.store in stores:
                found[device.store] = (*found.get(device.store, ()), self._place(device))
        return found

    def broker_accounts(self) -> tuple[BrokerAccount, ...]:
        return tuple(
            BrokerAccount(one.device, self._state.stores[one.store].shard, one.broker_hash)
            for one in sorted(self._active(), key=lambda one: one.device)
        )

    def save_states(self, states: Sequence[DeviceState]) -> frozenset[UUID]:
        changed = set()
        for new in states:
            held = self._state.states.get(new.device)
            merged = new
            if held is not None and new.state == "gone":
                same = None in {held.session, new.session} or held.session == new.session
                if held.boot_id != new.boot_id or not same:
                    continue
                merged = replace(
                    held, state="gone", can_sell=new.can_sell, on_purpose=new.on_purpose
                )
            elif held is not None and new.retained:
                merged = replace(new, seen_ms=held.seen_ms)
            self._state.states[new.device] = merged
            changed.add(new.store)
        return frozenset(changed)


class FakeCatalogueRepo:
    """A `CatalogueRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def article_ids(self, skus: Collection[str]) -> dict[str, UUID]:
        known = self._state.articles
        return {sku: known[sku] for sku in skus if sku in known}

    def add_articles(self, articles: Mapping[str, UUID], now_ms: int) -> None:
        self._state.articles |= articles

    def add_revisions(self, revisions: Sequence[Revision], now_ms: int) -> None:
        self._state.revisions += revisions
        for one in revisions:
            article, day = one.article.article_id, one.effective_from
            if chain_price(self._state, article, day) != one.article.price_fen:
                price = PriceFrom(article, "", day, one.article.price_fen)
                self._state.shelf.prices.append(price)

    def _newest_until(self, day: date) -> dict[str, Revision]:
        found: dict[str, Revision] = {}
        for revision in self._state.revisions:
            held = found.get(revision.article.sku)
            later = held is None or revision.effective_from >= held.effective_from
            if revision.effective_from <= day and later:
                found[revision.article.sku] = revision
        return {sku: self._priced(revision, day) for sku, revision in found.items()}

    def _priced(self, revision: Revision, day: date) -> Revision:
        price = chain_price(self._state, revision.article.article_id, day)
        if price is None:
            return revision
        return replace(revision, article=replace(revision.article, price_fen=price))

    def effective(self, day: date) -> tuple[Article, ...]:
        held = self._newest_until(day).values()
        return tuple(revision.article for revision in held if not revision.ended)

    def latest_by_sku(self) -> dict[str, Revision]:
        return self._newest_until(date.max)

    def next_due(self, after: date) -> date | None:
        days = [one.effective_from for one in self._state.revisions]
        days += [one.day for one in self._state.shelf.prices]
        return min((day for day in days if day > after), default=None)

    def newest(self, kind: str) -> Announcement | None:
        held = [
            Announcement(kind, one.version, one.sha256, one.size)
            for (of, _), one in self._state.documents.items()
            if of == kind
        ]
        held += [one for one in self._state.told if one.kind == kind]
        return max(held, key=lambda one: one.version, default=None)

    def marks(self) -> dict[str, int]:
        kinds = ("catalogue", "bundle", "models", "stock", "recommendations")
        newest = {kind: self.newest(kind) for kind in kinds}
        marks = {kind: 0 if one is None else one.version for kind, one in newest.items()}
        marks["persons"] = max(self._state.recruiting.filters, default=0)
        return {**marks, "name-map": hash(tuple(sorted(self._state.mapped.items()))) % 2**32}

    def effective_on(self) -> date | None:
        return self._state.made_for[max(self._state.made_for)] if self._state.made_for else None

    def add_catalogue(self, document: Document, day: date, articles: int, who: str) -> None:
        self._state.made_for[document.version] = day
        self._add(document)

    def add_bundle(self, document: Document, plain: bytes, who: str) -> None:
        newest = self.newest("bundle")
        check_newer(document.version, 0 if newest is None else newest.version)
        self._add(document)

    def announce_again(self, kind: str, version: int) -> None:
        one = self._state.documents[kind, version]
        self._state.waiting.append(Announcement(kind, version, one.sha256, one.size))

    def add_models(self, document: Document, files: Mapping[str, bytes], who: str) -> None:
        newest = self.newest("models")
        if newest is not None and newest.version >= document.version:
            raise Fault(FaultCode.MODEL_VERSION_TAKEN, held=newest.version)
        self._state.weights |= files
        self._add(document)

    def model_files(self, wanted: Collection[str]) -> frozenset[str]:
        return frozenset(wanted) & self._state.weights.keys()

    def model_file(self, sha256: str) -> bytes | None:
        return self._state.weights.get(sha256)

    def _add(self, document: Document) -> None:
        self._state.documents[document.kind, document.version] = document
        self._state.waiting.append(
            Announcement(
                document.kind,
                document.version,
                document.sha256,
                len(document.content),
                document.step,
            )
        )

    def announce(self, announcement: Announcement) -> None:
        self._state.told.append(announcement)
        self._state.waiting.append(announcement)

    def content(self, kind: str, version: int) -> bytes | None:
        document = self._state.documents.get((kind, version))
        return None if document is None else document.content

    def unannounced(self) -> tuple[Announcement, ...]:
        return tuple(self._state.waiting)

    def announced(self, announcements: Sequence[Announcement], now_ms: int) -> None:
        self._state.waiting = [one for one in self._state.waiting if one not in announcements]

    def name_map(self) -> dict[str, str]:
        return dict(self._state.mapped)

    def map_name(self, name: str, sku: str, who: str, now_ms: int) -> None:
        self._state.mapped[name] = sku
        self._state.to_review.pop(name, None)

    def review_names(self, seen: Mapping[str, int], now_ms: int) -> None:
        for name, times in seen.items():
            if name not in self._state.mapped:
                self._state.to_review[name] = self._state.to_review.get(name, 0) + times


class FakeHqRepo:
    """An `HqRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_user(self, user: HqUser, now_ms: int) -> None:
        if user.login in self._state.users:
            raise Fault(FaultCode.API_BODY_INVALID, detail=user.login)
        self._state.users[user.login] = user

    def user(self, login: str) -> HqUser | None:
        found = self._state.users.get(login)
        return None if found is None or found.left_ms else found

    def take_turn(self) -> None:
        """Units here are one at a time."""

    def users(self) -> tuple[HqUser, ...]:
        return tuple(
            sorted(self._state.users.values(), key=lambda one: (bool(one.left_ms), one.login))
        )

    def set_user(self, user: HqUser) -> None:
        held = self._state.users[user.login]
        self._state.users[user.login] = replace(
            held, name=user.name, role=user.role, place=user.place, left_ms=user.left_ms
        )

    def end_sessions(self, user_id: UUID) -> int:
        gone = [key for key, one in self._state.sessions.items() if one[0] == user_id]
        for key in gone:
            del self._state.sessions[key]
        return len(gone)

    def _by_id(self, user_id: UUID) -> HqUser:
        return next(user for user in self._state.users.values() if user.user_id == user_id)

    def note_try(self, user_id: UUID, *, failed_tries: int, locked_until_ms: int) -> None:
        user = self._by_id(user_id)
        self._state.users[user.login] = replace(
            user, failed_tries=failed_tries, locked_until_ms=locked_until_ms
        )

    def add_session(
        self, user_id: UUID, token_hash: bytes, kind: str, expires_ms: int, label: str
    ) -> None:
        self._state.sessions[token_hash] = (user_id, kind, expires_ms)

    def session(self, token_hash: bytes) -> HqSession | None:
        if token_hash not in self._state.sessions:
            return None
        user_id, kind, expires_ms = self._state.sessions[token_hash]
        user = replace(self._by_id(user_id), password_hash="", failed_tries=0, locked_until_ms=0)
        if user.left_ms:
            return None
        return HqSession(token_hash, kind, expires_ms, user)

    def end_session(self, token_hash: bytes) -> None:
        self._state.sessions.pop(token_hash, None)

    def audit(self, entry: AuditEntry, now_ms: int) -> None:
        rows = self._state.audit_rows
        before = rows[-1].hash if rows else NO_HASH
        number = len(rows) + 1
        rows.append(AuditRow(number, now_ms, entry, before, link(number, now_ms, entry, before)))
        self._state.audits.append(entry)

    def audits(self, asked: AuditAsked, limit: int) -> tuple[AuditRow, ...]:
        found = (
            one
            for one in reversed(self._state.audit_rows)
            if asked.actor in {"", one.entry.actor}
            and asked.subject in {"", one.entry.subject}
            and one.entry.action.startswith(asked.action)
            and (asked.below == 0 or one.number < asked.below)
        )
        return tuple(found)[:limit]

    def audit_chain(self, after: int, limit: int) -> tuple[AuditRow, ...]:
        return tuple(self._state.audit_rows[after : after + limit])
