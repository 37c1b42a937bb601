"""What brokers are told of their boxes, and the settings that spread shards over brokers."""

import stat
from pathlib import Path

import pytest

from cloud_broker.adapters.mosquitto_files import (
    INGEST_USER,
    BrokerDevice,
    BrokerFiles,
    WebSocketDoor,
    acl_text,
    config_text,
    hash_password,
    write_files,
)
from cloud_broker.settings import load_settings
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.secure_mqtt import is_password
from tests.fakes.cloud_box import fresh_id

HEAD = 'database_url = "postgresql://"\nsecrets_dir = "s"\n'
TWO = """[[brokers]]
shards = "0-30,63"
host = "10.0.0.1"
stores_host = "mq-a.example"
stores_port = 8883
[[brokers]]
shards = "31-62"
host = "10.0.0.2"
port = 1884
"""


class TestBrokerFiles:
    def test_a_password_is_hashed_as_mosquitto_does(self) -> None:
        hashed = hash_password("secret", b"0" * 12)
        assert hashed.startswith("$7$101$MDAwMDAwMDAwMDAw$")
        assert is_password(hashed, "secret")
        assert not is_password(hashed, "guess")
        with pytest.raises(ValueError, match="salt"):
            hash_password("secret", b"short")

    def test_files_are_private_and_name_each_other(self, tmp_path: Path) -> None:
        device = BrokerDevice(fresh_id(), 7, fresh_id(), "$7$x")
        files = write_files(tmp_path / "mq", [device], "$7$y", host="127.0.0.1", port=1)
        again = write_files(tmp_path / "mq", [], "$7$y", host="127.0.0.1", port=1)
        assert files == again
        for path in (files.config, files.passwords, files.acl):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        config = files.config.read_text()
        assert f"acl_file {files.acl}" in config
        assert "allow_anonymous false" in config
        users = dict(line.split(":") for line in files.passwords.read_text().splitlines())
        workers = {user for user in users if user.startswith(INGEST_USER)}
        assert {INGEST_USER, f"{INGEST_USER}-1"} <= workers
        assert len(workers) == limits.INGEST_WORKERS_MAX

    def test_a_device_gets_its_own_topics_only(self) -> None:
        device = BrokerDevice(fresh_id(), 7, fresh_id(), "$7$x")
        block = acl_text([device]).split("\n\n")[-1]
        topics = [line.split()[2] for line in block.splitlines()[1:]]
        of_tenant = [topic for topic in topics if str(device.tenant) in topic]
        assert not any("+" in topic for topic in of_tenant)
        # What says no more than whether its shard and the workers are up is every tenant's.
        assert set(topics) - set(of_tenant) == {"r1/cloud/s/7", "r1/cloud/w/+"}


class TestSettings:
    def test_one_broker_has_every_shard(self, tmp_path: Path) -> None:
        path = tmp_path / "cloud.toml"
        path.write_text(HEAD + 'broker_host = "b"\nstores_broker_host = "out"\n')
        settings = load_settings(path)
        (alone,) = settings.all_brokers
        assert (alone.host, len(alone.shards)) == ("b", limits.SHARDS)
        assert settings.broker_for_stores(63).for_stores == ("out", 1883)

    def test_each_shard_has_its_broker(self, tmp_path: Path) -> None:
        path = tmp_path / "cloud.toml"
        path.write_text(HEAD + TWO)
        settings = load_settings(path)
        assert settings.broker_for_stores(30).for_stores == ("mq-a.example", 8883)
        assert settings.broker_for_stores(63).for_stores == ("mq-a.example", 8883)
        assert settings.broker_for_stores(31).for_stores == ("10.0.0.2", 1884)

    @pytest.mark.parametrize("shards", ["0-61", "0-63", "31-64", "", "x", "40-31"])
    def test_a_shard_without_a_broker_or_with_two_is_refused(
        self, tmp_path: Path, shards: str
    ) -> None:
        path = tmp_path / "cloud.toml"
        path.write_text(HEAD + TWO.replace("31-62", shards))
        with pytest.raises(Fault) as caught:
            load_settings(path)
        assert caught.value.code == FaultCode.SETUP_CONFIG_INVALID


def test_the_second_door_speaks_tls_where_it_has_a_certificate(tmp_path: Path) -> None:
    files = BrokerFiles(tmp_path / "c", tmp_path / "p", tmp_path / "a")
    plain = config_text(files, "10.0.0.1", 1883, WebSocketDoor("10.0.0.1", 8080))
    assert "listener 8080 10.0.0.1\nprotocol websockets\n" in plain
    assert "certfile" not in plain
    door = WebSocketDoor("0.0.0.0", 443, tmp_path / "cert.pem", tmp_path / "key.pem")  # noqa: S104 -- a text
    secure = config_text(files, "10.0.0.1", 1883, door)
    assert f"certfile {tmp_path / 'cert.pem'}\nkeyfile {tmp_path / 'key.pem'}\n" in secure
    assert "websockets" not in config_text(files, "10.0.0.1", 1883)
