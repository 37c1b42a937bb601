"""Both files are read whole or refused, and a refusal names the file and the field."""

from pathlib import Path

import pytest

from edge_agent.adapters.mqtt_session import KEEPALIVE_METERED_S
from edge_agent.bootstrap.network import network_of
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.agent_files import CONFIG, DEVICE, TILL_TOKEN, write_agent


def test_reads_both_files(tmp_path: Path) -> None:
    settings = load_settings(write_agent(tmp_path))
    assert settings.device.identity.store_name == "上海徐汇店"
    assert settings.device.api_tills[0].name == "1号收银台"
    assert settings.device.escpos_tills[0].profile == "generic-zh-32"
    assert len(settings.device.keys.storage_key.get_secret_value()) == 32
    assert settings.config.data_dir == tmp_path / "data"
    assert settings.config.device_file == tmp_path / "device.toml"


def test_a_bundle_of_models_is_looked_for_beside_the_config(tmp_path: Path) -> None:
    path = write_agent(tmp_path)
    assert load_settings(path).config.face.bundle is None
    with_bundle = CONFIG.replace("[face]", '[face]\nbundle = "models.signed"')
    path.write_text(with_bundle, encoding="utf-8")
    assert load_settings(path).config.face.bundle == tmp_path / "models.signed"


def test_own_addresses_are_allowed_hosts_and_origins(tmp_path: Path) -> None:
    settings = load_settings(write_agent(tmp_path, 'allowed_origins = ["https://till.example"]'))
    assert {"127.0.0.1", "localhost", "::1"} <= settings.hosts
    assert "http://[::1]:18431" in settings.origins
    assert "https://till.example" in settings.origins


def test_an_any_address_is_no_host_name(tmp_path: Path) -> None:
    path = write_agent(tmp_path, 'api_host = "0.0.0.0"')
    assert "0.0.0.0" not in load_settings(path).hosts  # noqa: S104 - a text that is compared


def test_secrets_do_not_show(tmp_path: Path) -> None:
    shown = repr(load_settings(write_agent(tmp_path)))
    assert TILL_TOKEN not in shown
    assert "11" * 32 not in shown
    assert "$argon2" not in shown


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("api_port = 18431", "api_port = 70000", "api_port"),
        ("api_port = 18431", "api_prot = 18431\napi_port = 1", "api_prot"),
        ('data_dir = "data"', "", "data_dir"),
        ("[camera]", '[camera]\nsource = "ftp:/x"', "camera.source"),
        ("[camera]", "[camera]\nfps = 0", "camera.fps"),
        ("[camera]", "[camera", "not TOML"),
        ("api_port = 18431", 'api_port = 1\nallowed_origins = ["x/y"]', "allowed_origins.0"),
    ],
)
def test_a_bad_config_names_its_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in CONFIG
    path = write_agent(tmp_path)
    path.write_text(CONFIG.replace(old, new), encoding="utf-8")
    with pytest.raises(Fault) as refused:
        load_settings(path)
    assert refused.value.code is FaultCode.SETUP_CONFIG_INVALID
    assert refused.value.fields["path"] == str(path)
    assert field in str(refused.value.fields["detail"])


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("11" * 32, "1" * 63, "keys.phone_hash_key"),
        ("11" * 32, "11" * 31, "keys.phone_hash_key"),
        ("Asia/Shanghai", "Asia/Nowhere", "identity.zone"),
        ('kind = "escpos"', 'kind = "fax"', "tills.1"),
        (TILL_TOKEN, "screen-token-0123456789", "share one token"),
        ('number = "1002"', 'number = "1001"', "operator number"),
        ('day_starts_at = "04:00"', 'day_starts_at = "25:00"', "identity.day_starts_at"),
        ("http://127.0.0.1:8100", "ftp://127.0.0.1", "cloud.url"),
    ],
)
def test_a_bad_device_file_names_its_field_but_no_secret(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    assert old in DEVICE
    path = write_agent(tmp_path)
    device = tmp_path / "device.toml"
    device.write_text(DEVICE.replace(old, new), encoding="utf-8")
    with pytest.raises(Fault) as refused:
        load_settings(path)
    detail = str(refused.value.fields["detail"])
    assert refused.value.fields["path"] == str(device)
    assert field in detail
    assert "11" * 31 not in detail


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml")
    path = write_agent(tmp_path)
    (tmp_path / "device.toml").unlink()
    with pytest.raises(Fault, match=r"device\.toml"):
        load_settings(path)


def test_many_problems_are_cut_short(tmp_path: Path) -> None:
    path = write_agent(tmp_path)
    unknown = "\n".join(f"x{number} = 1" for number in range(9))
    path.write_text(f"{unknown}\n{CONFIG}", encoding="utf-8")
    with pytest.raises(Fault, match="4 more"):
        load_settings(path)


def test_the_network_of_a_shop_names_its_ways_and_files(tmp_path: Path) -> None:
    network = load_settings(write_agent(tmp_path)).config.network
    assert (network.ways, network.proxy, network.metered) == (
        ("direct", "websocket", "proxy"),
        "",
        False,
    )
    given = """
[network]
ways = ["websocket", "proxy"]
websocket_url = "wss://cloud.example/mqtt"
proxy = "http://proxy.shop:3128"
proxy_login = "proxy.login"
metered = true
"""
    path = write_agent(tmp_path, config=CONFIG + given)
    settings = load_settings(path)
    assert settings.config.network.proxy_login == tmp_path / "proxy.login"
    made = network_of(settings)
    assert [str(way) for way in made.route.ways] == [
        "wss://cloud.example:443/mqtt",
        "wss://cloud.example:443/mqtt (proxy)",
    ]
    assert made.route.keepalive_s == KEEPALIVE_METERED_S
    assert made.route.meter is made.outgoing.meter
    for wrong in ("https://proxy.shop:3128", "http://user:word@proxy.shop:3128", "http://proxy"):
        path.write_text(CONFIG + f'[network]\nproxy = "{wrong}"\n', encoding="utf-8")
        with pytest.raises(Fault) as caught:
            load_settings(path)
        assert "word" not in str(caught.value)
