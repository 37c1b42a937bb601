"""What is wrong with a box's own files is said in Chinese to whom reads Chinese."""

import re
from pathlib import Path

import pytest

from edge_agent.bootstrap.probes import probes
from edge_agent.cli.doctor import examine
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from tests.factories.agent_files import CONFIG, write_agent

ENGLISH = re.compile(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}")


def refusal(path: Path) -> Fault:
    with pytest.raises(Fault) as refused:
        load_settings(path)
    return refused.value


def test_a_file_that_is_not_there_or_no_camera_is_said_in_words(tmp_path: Path) -> None:
    away = refusal(tmp_path / "away.toml")
    assert "没有这个文件" in away.text("zh")
    assert "No such file" in away.text("en")
    (tmp_path / "torn.toml").write_bytes(b"x = [")
    assert "不是 TOML" in refusal(tmp_path / "torn.toml").text("zh")
    odd = CONFIG.replace("[camera]", '[camera]\nsource = "/dev/video9"')
    camera = refusal(write_agent(tmp_path, config=odd))
    assert "要写成 file:路径" in camera.text("zh")
    assert not ENGLISH.search(camera.text("zh"))


def test_doctor_says_what_is_wrong_before_the_start_in_words(tmp_path: Path) -> None:
    path = write_agent(tmp_path, config=f'board_root = "away"\n{CONFIG}')
    settings = load_settings(path)
    settings.config.device_file.chmod(0o644)
    tried = dict(probes(settings))
    for name, said in (
        ("设备文件 / device file", "别人也读得到"),
        ("板子 / board", "没有这个文件夹"),
    ):
        (found,) = examine([(name, tried[name])])
        assert found.fault is not None
        assert said in found.fault.text("zh")
        assert not ENGLISH.search(found.fault.text("zh"))
