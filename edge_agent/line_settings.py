"""How a box reaches its cloud: addresses, keys, and the shop's own network."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretBytes, SecretStr, model_validator

from edge_agent.lane_settings import Section
from edge_agent.till_settings import Text, Token
from retail_core.texts.words import Words


def hex_of(size: int) -> BeforeValidator:
    """Return what reads so many bytes as hexadecimal."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            raw = bytes.fromhex(value)
        except ValueError:
            raise ValueError(Words("not hexadecimal", "不是十六进制")) from None
        if len(raw) != size:
            raise ValueError(
                Words(f"needs {size} bytes, got {len(raw)}", f"要 {size} 字节,写了 {len(raw)}")
            )
        return raw

    return BeforeValidator(read)


def _http_url(text: str) -> str:
    if urlsplit(text).scheme not in {"http", "https"}:
        raise ValueError(
            Words("need an http:// or https:// address", "要 http:// 或 https:// 地址")
        )
    return text.rstrip("/")


def _socket_url(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise ValueError(Words("need a ws:// or wss:// address", "要 ws:// 或 wss:// 地址"))
    return text


def _proxy_url(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname or parts.port is None or parts.username:
        raise ValueError(
            Words(
                "need http://host:port; a login stands in a file of its own",
                "要 http://host:port;账号另放一个文件",
            )
        )
    return text


SocketUrl = Annotated[str, AfterValidator(_socket_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
PublicKey = Annotated[bytes, hex_of(32)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Cloud(Section):
    """Where the cloud is, and what opens it: a token and a password, or a certificate of the box.

    `identity_file` holds the box's key and certificate, `ca_file` whom it trusts, both beside this
    file; with `system_trust` the system's list counts too.
    """

    url: HttpUrl
    broker_host: Text
    broker_port: Port
    bundle_public_key: PublicKey
    token: Token = SecretStr("")
    broker_password: SecretStr = SecretStr("")
    websocket_url: SocketUrl = ""
    identity_file: Path | None = None
    ca_file: Path | None = None
    system_trust: bool = False
    claim_secret: Annotated[SecretBytes, hex_of(32)] | None = None
    pages_url: HttpUrl | Literal[""] = ""

    @property
    def claim_root(self) -> bytes:
        """Return what box and cloud both have: a secret of its own, or the hash of its token."""
        if self.claim_secret is not None:
            return self.claim_secret.get_secret_value()
        return sha256(self.token.get_secret_value().encode()).digest()

    @property
    def pages(self) -> str:
        """Return where members' pages are."""
        return self.pages_url or self.url

    @model_validator(mode="after")
    def _opened_by_something(self) -> Self:
        by_token = self.token.get_secret_value() and self.broker_password.get_secret_value()
        if not by_token and self.identity_file is None:
            raise ValueError(
                Words(
                    "need token and broker_password, or identity_file",
                    "要 token 和 broker_password,或 identity_file",
                )
            )
        return self

    def beside(self, folder: Path) -> "Cloud":
        """Return it with its files found from a folder."""
        named = {"identity_file": self.identity_file, "ca_file": self.ca_file}
        found = {name: folder / file for name, file in named.items() if file is not None}
        return self.model_copy(update=found)


class NetworkConfig(Section):
    """How this shop's network lets the box out; what is not set comes from the device file.

    `ways` are tried in their order. `proxy_login` is a file with `user:password`, `ca_file` whom to
    trust instead of the system's list. On a `metered` line the box is heard of less often.
    """

    ways: Annotated[tuple[Literal["direct", "websocket", "proxy"], ...], Field(min_length=1)] = (
        "direct",
        "websocket",
        "proxy",
    )
    websocket_url: SocketUrl = ""
    proxy: Annotated[str, AfterValidator(_proxy_url)] = ""
    proxy_login: Path | None = None
    ca_file: Path | None = None
    metered: bool = False
    month_mb: Annotated[int, Field(ge=1)] = 200
