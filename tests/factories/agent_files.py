"""A config file and a device file as an agent finds them."""

from pathlib import Path

from retail_core.identity.erasure import public_key_of

# HQ's signing key of these files: it signs rule bundles and the leave to recognise faces.
HQ_SEED = bytes(range(32))
TILL_TOKEN = "till-token-0123456789"
SECOND_TILL_TOKEN = "second-till-token-012345"
SCREEN_TOKEN = "screen-token-0123456789"
OPERATOR_PIN = "246810"
# argon2id of OPERATOR_PIN with the cheapest parameters: tests check PINs by the hundred.
PIN_HASH = (
    "$argon2id$v=19$m=8,t=1,p=1$gkBmApb7hgT01HOBuOLp1g$lqEA9Bpu22Wucc2d5Diktkwpq9BXZDRSgmXNeF6wIeA"
)

CONFIG = """\
device_file = "device.toml"
data_dir = "data"
models_dir = "models"
api_port = 18431

[camera]

[face]
enabled = false
"""

DEVICE = f"""\
[identity]
tenant = "01890000-0000-7000-8000-000000000001"
store = "01890000-0000-7000-8000-000000000002"
device = "01890000-0000-7000-8000-000000000003"
legal_entity = "01890000-0000-7000-8000-000000000004"
store_name = "上海徐汇店"
city = "上海"
zone = "Asia/Shanghai"
day_starts_at = "04:00"

[cloud]
url = "http://127.0.0.1:8100"
token = "device-token-0123456789"
broker_host = "127.0.0.1"
broker_port = 18830
broker_password = "broker-password"
bundle_public_key = "{public_key_of(HQ_SEED).hex()}"

[keys]
phone_hash_key = "{"11" * 32}"
card_hash_key = "{"22" * 32}"
sun_meta_key = "{"33" * 16}"
sun_master_key = "{"44" * 16}"
storage_key = "{"55" * 32}"

[[tills]]
id = "01890000-0000-7000-8000-000000000005"
name = "1号收银台"
kind = "api"
token = "{TILL_TOKEN}"

[[tills]]
id = "01890000-0000-7000-8000-000000000006"
name = "老收银机"
kind = "escpos"
profile = "generic-zh-32"
port = "/dev/null"
printer = "/dev/null"

[[operators]]
id = "01890000-0000-7000-8000-000000000007"
number = "1001"
name = "王芳"
pin_hash = "{PIN_HASH}"
role = "clerk"

[[operators]]
id = "01890000-0000-7000-8000-000000000008"
number = "1002"
name = "李强"
pin_hash = "{PIN_HASH}"
role = "manager"

[screen]
token = "{SCREEN_TOKEN}"
"""


# A box with two counters: the first with one till, the second with a new and an old one.
TWO_LANES = (
    CONFIG.replace("[camera]\n", "")
    + """
[[lanes]]
id = "a"
name = "一号柜台"
tills = ["1号收银台"]

[[lanes]]
id = "b"
name = "二号柜台"
tills = ["2号收银台", "老收银机"]
"""
)
THREE_TILLS = (
    DEVICE
    + f"""
[[tills]]
id = "01890000-0000-7000-8000-000000000009"
name = "2号收银台"
kind = "api"
token = "{SECOND_TILL_TOKEN}"
"""
)


def write_agent(
    folder: Path, extra: str = "", *, device: str = DEVICE, config: str = CONFIG
) -> Path:
    """Write both files; `extra` lines go to the top of the config. Return the config's path."""
    (folder / "device.toml").write_text(device, encoding="utf-8")
    (folder / "device.toml").chmod(0o600)
    path = folder / "agent.toml"
    path.write_text(f"{extra}\n{config}", encoding="utf-8")
    return path
