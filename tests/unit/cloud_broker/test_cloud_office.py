"""Provisioning, people, catalogue and bundle, and the files that carry them."""

import json
import stat
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud_broker.adapters import device_file
from cloud_broker.adapters.mosquitto_files import hash_password
from cloud_broker.cli.setup import _till
from cloud_broker.services.access.people import HqAccess
from cloud_broker.services.faces.models import ModelSigner
from cloud_broker.services.fleet.devices import Devices
from cloud_broker.services.fleet.provision import OperatorAsked, Provision, StoreAsked, TillAsked
from cloud_broker.services.goods.office import MasterOffice
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.settings import load_settings
from edge_agent.settings import DeviceFile
from retail_core.catalog.encoding import decode_catalogue
from retail_core.catalog.masters import MasterKind
from retail_core.errors import Fault
from retail_core.identity.model_card import open_models
from retail_core.pricing.rules.bundle import open_bundle
from retail_core.texts.faults import FaultCode
from tests.factories.grown import RULES
from tests.factories.secure_mqtt import is_password
from tests.fakes.cloud_basics import (
    FakeCloudClock,
    FakeCloudIdSource,
    FakeKeyRing,
    FakePasswords,
)
from tests.fakes.cloud_state import State
from tests.fakes.cloud_units import FakeUnits

DAY_MS = 86_400_000
MANIFEST = (Path(__file__).resolve().parents[3] / "models" / "manifest.toml").read_bytes()
SMALL_MANIFEST = """
version = 1
[archives.a]
registry = "pypi"
package = "a"
version = "1"
sha256 = "0"
[models.twice]
role = "detector"
file = "twice.onnx"
sha256 = "{sha}"
size = {size}
archive = "a"
path = "twice"
path_sha256 = "0"
build = "copy"
licence = "MIT"
licence_path = "LICENSE"
licence_file = "LICENSE"
licence_note = "none"
standing = "clear"
inputs = {{ input = [1] }}
outputs = {{ output = [1] }}
"""
CSV = """\
sku,barcodes,name,unit,price,cost,brand,category,tags,effective_from
A1,690|691,洗面奶,支,59.00,20,甲,洁面,敏感肌,
A2,692,面霜,瓶,199.00,,乙,护肤,,2026-11-20
"""
BUNDLE = b'{"version": 3, "tier_names": {"gold": "x"}, "earn": {"id": "e", "fen_per_point": 100}}'
ASKED = StoreAsked(
    name="上海徐汇店",
    city="上海",
    region="华东",
    legal_entity="总公司",
    zone="Asia/Shanghai",
    day_starts_at=time(4),
    tills=(
        TillAsked("1号收银台", "api"),
        TillAsked("老收银机", "escpos", "generic-zh-32", "/dev/ttyUSB0", "/dev/usb/lp0"),
    ),
    operators=(OperatorAsked("1001", "王芳"), OperatorAsked("1002", '李"强"', "manager", "135790")),
)


@dataclass
class Back:
    """The back office over a store in memory; the clock stands at 2026-11-18 in Shanghai."""

    units: FakeUnits
    clock: FakeCloudClock
    keys: FakeKeyRing
    provision: Provision
    access: HqAccess
    publisher: CataloguePublisher
    tenant: UUID

    @property
    def state(self) -> State:
        return self.units.states[self.tenant]


@pytest.fixture
def back() -> Back:
    units, clock, keys = FakeUnits(), FakeCloudClock(), FakeKeyRing()
    ids, passwords = FakeCloudIdSource(clock), FakePasswords()
    provision = Provision(units, clock, ids, passwords, keys, hash_password)
    tenant = provision.tenant("熟客美妆", "demo")
    access = HqAccess(units, clock, ids, passwords)
    publisher = CataloguePublisher(units, clock, ids, keys)
    return Back(units, clock, keys, provision, access, publisher, tenant)


def refused(code: FaultCode) -> "pytest.RaisesExc[Fault]":
    return pytest.raises(Fault, check=lambda fault: fault.code is code)


class TestProvision:
    def test_a_store_that_a_file_brought_gets_its_box(self, back: Back) -> None:
        office = MasterOffice(back.units, back.clock, FakeCloudIdSource(back.clock), back.publisher)
        office.apply(back.tenant, MasterKind.ENTITIES, "code,name\nE1,上海公司\n", who="li")
        text = f"code,name,entity,region\nSH001,{ASKED.name},E1,华东\n"
        office.apply(back.tenant, MasterKind.STORES, text, who="li")
        (waiting,) = back.state.stores
        made = back.provision.store(back.tenant, ASKED, who="cli")
        assert (made.store, made.legal_entity) == (waiting, back.state.entities["上海公司"])
        assert len(back.state.stores) == 1
        with refused(FaultCode.API_BODY_INVALID):
            back.provision.store(back.tenant, ASKED, who="cli")

    def test_the_device_file_is_one_the_agent_reads(self, back: Back, tmp_path: Path) -> None:
        made = back.provision.store(back.tenant, ASKED, who="cli")
        path = tmp_path / "device.toml"
        text = device_file.render(made, url="http://cloud.test", broker=("mq.test", 1883))
        device_file.write(path, text)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        read = DeviceFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        assert (read.identity.tenant, read.identity.store) == (back.tenant, made.store)
        assert read.identity.legal_entity == next(iter(back.state.entities.values()))
        assert [till.name for till in read.tills] == ["1号收银台", "老收银机"]
        assert [one.name for one in read.operators] == ["王芳", '李"强"']
        seed = back.keys.keys(back.tenant).bundle_seed
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        assert read.cloud.bundle_public_key == public
        token = read.cloud.token.get_secret_value()
        assert Devices(back.units).who(token)[1].device == made.device
        (account,) = back.units.states[back.tenant].devices.values()
        assert is_password(account.broker_hash, made.broker_password)
        with refused(FaultCode.SETUP_CONFIG_INVALID):
            device_file.write(path, text)

    def test_unchanged_tills_get_what_they_need(self, back: Back) -> None:
        tills = (_till("framed:帧:ecr-transbank:tcp://h:4001"), _till("software:软件:software-x"))
        made = back.provision.store(back.tenant, replace(ASKED, tills=tills), who="cli")
        text = device_file.render(made, url="http://c", broker=("mq", 1883))
        read = DeviceFile.model_validate(tomllib.loads(text))
        assert read.framed_tills[0].port == "tcp://h:4001"
        assert read.software_tills[0].secret is not None

    def test_secrets_are_not_kept(self, back: Back) -> None:
        made = back.provision.store(back.tenant, ASKED, who="cli")
        kept = repr(back.state)
        for secret in (made.device_token, made.broker_password, made.screen_token):
            assert secret not in kept
        # The hash of our fake passwords shows the PIN; its place is right all the same.
        assert {one.pin_hash for one in back.state.operators.values()} == {
            f"hashed:{one.pin}" for one in made.operators
        }
        assert made.operators[1].pin == "135790"
        assert len(made.operators[0].pin) == 6

    def test_a_name_is_given_once(self, back: Back) -> None:
        back.provision.store(back.tenant, ASKED, who="cli")
        with refused(FaultCode.API_BODY_INVALID):
            back.provision.store(back.tenant, ASKED, who="cli")
        assert [entry.action for entry in back.state.audits] == ["store.provision"]


class TestHqAccess:
    def test_in_and_out(self, back: Back) -> None:
        password = back.access.add_user(back.tenant, "li", "李娜", "admin")
        for login in ("li", "li@demo"):
            token, who = back.access.login(login, password)
            assert back.access.who(token) == who
            assert (who.login, who.role, who.by_token) == ("li", "admin", False)
            back.access.logout(token)
            back.access.logout(token)
            with refused(FaultCode.HQ_TOKEN_WRONG):
                back.access.who(token)

    @pytest.mark.parametrize("login", ["li", "wang", "li@nobody", "@", ""])
    def test_a_wrong_pair_says_no_more(self, back: Back, login: str) -> None:
        back.access.add_user(back.tenant, "li", "李娜", "admin")
        with refused(FaultCode.API_LOGIN_WRONG):
            back.access.login(login, "guess")

    def test_five_wrong_tries_lock_for_five_minutes(self, back: Back) -> None:
        password = back.access.add_user(back.tenant, "li", "李娜", "admin")
        for _ in range(5):
            with refused(FaultCode.API_LOGIN_WRONG):
                back.access.login("li", "guess")
        with refused(FaultCode.API_OPERATOR_LOCKED):
            back.access.login("li", password)
        back.clock.advance(5 * 60_000)
        back.access.login("li", password)

    def test_sessions_end_and_tokens_last(self, back: Back) -> None:
        password = back.access.add_user(back.tenant, "li", "李娜", "admin")
        session, _ = back.access.login("li", password)
        token = back.access.api_token(back.tenant, "li", "erp")
        back.clock.advance(DAY_MS)
        with refused(FaultCode.HQ_TOKEN_WRONG):
            back.access.who(session)
        assert back.access.who(token).by_token
        with refused(FaultCode.API_NOT_FOUND):
            back.access.api_token(back.tenant, "nobody", "erp")

    def test_short_passwords_are_refused(self, back: Back) -> None:
        with refused(FaultCode.API_BODY_INVALID):
            back.access.add_user(back.tenant, "li", "李娜", "admin", password="short")


class TestCatalogue:
    def test_a_preview_stores_nothing(self, back: Back) -> None:
        result = back.publisher.preview(back.tenant, CSV)
        assert (result.new, result.changed, result.version) == (("A1", "A2"), (), 0)
        assert back.state.articles == {}

    def test_prices_count_from_their_day(self, back: Back) -> None:
        assert back.publisher.apply(back.tenant, CSV, who="li").version == 1
        version, articles = decode_catalogue(back.state.documents["catalogue", 1].content)
        assert (version, [article.sku for article in articles]) == (1, ["A1"])
        assert back.publisher.refresh_due(back.tenant) is None
        back.clock.advance(2 * DAY_MS)
        assert back.publisher.refresh_due(back.tenant) == 2
        assert back.publisher.refresh_due(back.tenant) is None
        _, articles = decode_catalogue(back.state.documents["catalogue", 2].content)
        assert [article.sku for article in articles] == ["A1", "A2"]

    def test_at_two_at_night_it_is_still_the_day_the_boxes_count(self, back: Back) -> None:
        # 2026-11-20 18:00 UTC is two in the morning of the 21st in Shanghai.
        back.clock.ms = int(datetime(2026, 11, 20, 18, tzinfo=UTC).timestamp() * 1000)
        bundle = json.loads(BUNDLE) | {"tasks": RULES["tasks"][:1]}
        back.publisher.publish_bundle(back.tenant, json.dumps(bundle).encode(), who="li")
        with back.units.begin(back.tenant) as unit:
            since = unit.tasks.known_since(["sign"], date(2026, 11, 25))
        assert since == {"sign": date(2026, 11, 20)}
        early = CSV.replace("2026-11-20", "2026-11-21")
        back.publisher.apply(back.tenant, early, who="li")
        _, articles = decode_catalogue(back.state.documents["catalogue", 1].content)
        assert [article.sku for article in articles] == ["A1"]

    def test_only_what_changed_becomes_a_revision(self, back: Back) -> None:
        back.publisher.apply(back.tenant, CSV, who="li")
        ids = dict(back.state.articles)
        result = back.publisher.apply(back.tenant, CSV.replace("59.00", "49.00"), who="li")
        assert (result.new, result.changed, result.unchanged) == ((), ("A1",), 1)
        assert back.state.articles == ids
        assert len(back.state.revisions) == 3

    def test_one_bad_row_stops_the_import_unless_told(self, back: Back) -> None:
        bad = CSV.replace("199.00", "much")
        with refused(FaultCode.CATALOGUE_ROW):
            back.publisher.apply(back.tenant, bad, who="li")
        assert back.state.revisions == []
        result = back.publisher.apply(back.tenant, bad, who="li", skip_errors=True)
        assert (result.new, len(result.read.errors)) == (("A1",), 1)
        with refused(FaultCode.CATALOGUE_EMPTY):
            back.publisher.apply(back.tenant, bad.replace("59.00", "x"), who="li", skip_errors=True)

    def test_a_bundle_is_checked_and_signed(self, back: Back) -> None:
        assert back.publisher.publish_bundle(back.tenant, BUNDLE, who="li") == 3
        seed = back.keys.keys(back.tenant).bundle_seed
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        assert open_bundle(back.state.documents["bundle", 3].content, public) == BUNDLE
        older = json.dumps(json.loads(BUNDLE) | {"version": 2}).encode()
        for content in (BUNDLE + b" ", older, b"{}", b"nonsense"):
            with refused(FaultCode.OFFER_INVALID):
                back.publisher.publish_bundle(back.tenant, content, who="li")
        assert back.units.said[-1].kinds == {"published"}
        back.state.waiting = []
        assert back.publisher.publish_bundle(back.tenant, BUNDLE, who="li") == 3
        assert [one.version for one in back.state.waiting] == [3], "the newest is announced again"


class TestModels:
    def test_models_are_signed_with_who_decided_about_them(self, back: Back) -> None:
        signer = ModelSigner(back.units, back.clock, back.keys)
        made = signer.sign(back.tenant, MANIFEST, {"fr_feature": "法务 李"}, who="li")
        seed = back.keys.keys(back.tenant).bundle_seed
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        opened = open_models(made.signed, public)
        assert opened == made.bundle
        assert opened.version == back.clock.now_ms() // 1000
        (decision,) = opened.signed_off.values()
        assert (decision.by, decision.on) == ("法务 李", "2026-11-18")
        assert {name for name in opened.models if opened.awaiting(name)} == {"fr_liveness"}
        with refused(FaultCode.MODEL_MISSING):
            signer.sign(back.tenant, MANIFEST, {"other": "li"}, who="li")
        with refused(FaultCode.SETUP_CONFIG_INVALID):
            signer.sign(back.tenant, b"version = 9", {}, who="li")
        assert [entry.action for entry in back.state.audits].count("models.sign") == 1

    def test_models_are_published_with_the_weights_they_name(self, back: Back) -> None:
        signer = ModelSigner(back.units, back.clock, back.keys)
        net = b"weights"
        small = SMALL_MANIFEST.format(sha=sha256(net).hexdigest(), size=len(net)).encode()
        with refused(FaultCode.MODEL_FILE_WRONG):
            signer.publish(back.tenant, MANIFEST, {}, lambda _file: net, who="li")
        assert back.state.documents == {}
        asked: list[str] = []

        def weights(file: str) -> bytes:
            asked.append(file)
            return net

        made = signer.publish(back.tenant, small, {}, weights, who="li")
        document = back.state.documents["models", made.bundle.version]
        assert document.content == made.signed
        assert back.state.weights == {sha256(net).hexdigest(): net}
        assert back.units.said[-1].kinds == {"published"}
        with refused(FaultCode.MODEL_VERSION_TAKEN):
            signer.publish(back.tenant, small, {}, weights, who="li")
        back.clock.advance(1_000)
        signer.publish(back.tenant, small, {}, weights, who="li")
        assert asked == ["twice.onnx"], "weights that are held are not read again"
        devices = Devices(back.units)
        assert devices.newest(back.tenant, "models") != made.signed
        assert devices.document(back.tenant, "models", made.bundle.version) == made.signed
        assert devices.model_file(back.tenant, sha256(net).hexdigest()) == net
        with refused(FaultCode.API_NOT_FOUND):
            devices.model_file(back.tenant, "0" * 64)


class TestSettings:
    GOOD = 'database_url = "postgresql://x"\nsecrets_dir = "/tmp/x"\n'

    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "cloud.toml"
        path.write_text(self.GOOD + "http_port = 9000\n", encoding="utf-8")
        settings = load_settings(path)
        assert (settings.http_port, settings.url_for_stores) == (9000, "http://127.0.0.1:9000")

    @pytest.mark.parametrize("extra", ["http_port = 0", "colour = 1", "= 1"])
    def test_what_is_wrong_is_named_and_never_quoted(self, tmp_path: Path, extra: str) -> None:
        path = tmp_path / "cloud.toml"
        path.write_text(self.GOOD.replace("//x", "//secret") + extra, encoding="utf-8")
        with refused(FaultCode.SETUP_CONFIG_INVALID) as caught:
            load_settings(path)
        assert "secret@" not in str(caught.value)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with refused(FaultCode.SETUP_CONFIG_INVALID):
            load_settings(tmp_path / "none.toml")
