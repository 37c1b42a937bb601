"""What the cloud is told: a TOML file, overridden by `REGULARS_…` environment variables."""

import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from retail_core import limits
from retail_core.errors import Fault
from retail_core.limits import FACE_FILING_AT, FACE_FILING_WARNING
from retail_core.texts.faults import FaultCode
from retail_core.texts.misfits import misfit_words
from retail_core.texts.words import Words

Port = Annotated[int, Field(ge=1, le=65_535)]
_HTTPS_OR_HERE = r"^(https://[^/]|http://(127\.0\.0\.1|localhost|\[::1\])[:/])"


def _shards(text: object) -> object:
    """Read `0-31` or `0-15,48-63`."""
    if not isinstance(text, str):
        return text
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.strip().partition("-")
        found |= set(range(int(low), int(high or low) + 1))
    return frozenset(found)


class BrokerSettings(BaseModel):
    """One of several brokers, and the shards whose boxes are there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shards: Annotated[frozenset[int], BeforeValidator(_shards)]
    host: str
    port: Port = 1883
    stores_host: str = Field("", description="how its stores reach it, if differently")
    stores_port: Port | None = None
    websocket_port: Port | None = Field(None, description="a second listener, over WebSockets")
    websocket_url: str = Field("", description="wss://… by which its stores reach that")
    tls_port: Port | None = Field(None, description="the listener for boxes with a certificate")

    @property
    def for_stores(self) -> tuple[str, int]:
        """Return the address that device files carry."""
        return self.stores_host or self.host, self.stores_port or self.port

    @property
    def for_certified(self) -> tuple[str, int]:
        """Return the address for boxes with a certificate."""
        return self.stores_host or self.host, self.tls_port or self.port


class OidcSettings(BaseModel):
    """The company's own sign-in service (OpenID Connect)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(pattern=_HTTPS_OR_HERE)
    client_id: str = Field(min_length=1)
    label: str = Field("", description="what the button says; empty: our own words")
    scopes: str = Field("openid email", pattern=r"^openid( |$)")
    local: bool = Field(default=True, description="may everybody sign in by password, too")
    break_glass: tuple[str, ...] = Field((), description="logins that always may")

    @model_validator(mode="after")
    def _somebody_gets_in(self) -> "OidcSettings":
        if not self.local and not self.break_glass:
            raise ValueError("local = false: break_glass must name a login")
        return self


class Settings(BaseSettings):
    """All of it; environment before file, so that a secret need not stand on disk."""

    model_config = SettingsConfigDict(env_prefix="REGULARS_", extra="forbid", frozen=True)

    database_url: SecretStr
    migrate_url: SecretStr | None = None
    secrets_dir: Path
    tenant: str = Field("", description="the tenant's short name; empty when there is only one")
    http_host: str = "127.0.0.1"
    http_port: Port = 8100
    public_url: str = Field("", description="how stores reach us; empty: http host and port")
    allowed_hosts: tuple[str, ...] = ()
    zone: str = "Asia/Shanghai"
    broker_host: str = "127.0.0.1"
    broker_port: Port = 1883
    broker_password: SecretStr = SecretStr("")
    stores_broker_host: str = Field("", description="how stores reach the broker, if differently")
    stores_broker_port: Port | None = None
    websocket_port: Port | None = Field(None, description="a second listener, over WebSockets")
    websocket_url: str = Field("", description="wss://… by which stores reach that listener")
    websocket_certificate: Path | None = Field(None, description="PEM; none: TLS ends before it")
    websocket_key: Path | None = None
    brokers: tuple[BrokerSettings, ...] = Field(
        (), description="several brokers by shard, in place of broker_host and broker_port"
    )
    broker_tls_port: Port | None = Field(None, description="the listener for certified boxes")
    broker_admin_password: SecretStr = SecretStr("")
    broker_dir: Path | None = Field(None, description="where broker-files wrote, to keep its CRL")
    ca_dir: Path | None = Field(None, description="the boxes' authority; none: no certificates")
    ca_passphrase: SecretStr = SecretStr("")
    release_dir: Path | None = Field(None, description="releases for boxes; none: no updates")
    door_host: str = Field("127.0.0.1", description="the HTTPS door of boxes with certificates")
    door_port: Port | None = None
    door_url: str = Field("", description="how boxes reach the door; empty: its host and port")
    door_certificate: Path | None = Field(None, description="PEM; none: our authority makes one")
    door_key: Path | None = None
    sms_provider: Literal["none", "webhook", "screen"] = "none"
    sms_url: str = Field("", description="where the webhook posts; https, or this machine")
    sms_secret: SecretStr = SecretStr("")
    sms_body: str = Field("", description="JSON with {phone} {text} {code} {id}; empty: ours")
    message_sms_provider: Literal["none", "webhook", "screen"] = Field(
        "none", description="who carries advertisements by SMS; codes go by sms_provider"
    )
    message_sms_url: str = Field("", description="where the webhook posts; https, or this machine")
    message_sms_secret: SecretStr = Field(SecretStr(""), description="signs both ways")
    message_sms_body: str = Field(
        "", description="JSON with {phone} {text} {template} {id}; empty: ours"
    )
    wechat_app_id: str = Field("", description="the mini-program that sends; empty: no WeChat")
    wechat_app_secret: SecretStr = SecretStr("")
    wechat_token: SecretStr = Field(SecretStr(""), description="of the message push (safe mode)")
    wechat_aes_key: SecretStr = Field(SecretStr(""), description="EncodingAESKey of the push")
    wechat_page: str = Field("", description="where a tap on a message leads")
    wechat_home: str = Field("https://api.weixin.qq.com", pattern=r"^https?://")
    oidc: OidcSettings | None = None
    oidc_secret: SecretStr = Field(SecretStr(""), description="the client's secret, if it has one")
    export_dir: Path | None = Field(None, description="nightly exports; none: no exports")
    export_after: time = Field(time(4, 30), description="not before this hour, in `zone`")
    export_keep_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    export_people: bool = Field(default=False, description="also write who members are")
    tags_after: time | None = Field(
        time(3, 40), description="tags and segments are worked out then, in `zone`; none: by hand"
    )
    analytics_dir: Path | None = Field(
        None, description="a copy for analysis in files; none: PostgreSQL works the tags out"
    )
    analytics_url: SecretStr | None = Field(
        None, description="a role that can only read, for PostgreSQL's tags; none: database_url"
    )
    analytics_memory: str = Field("2GB", pattern=r"^[1-9][0-9]*(MB|GB)$")
    # By law faces are filed from 100,000 persons on: a chain may want to hear sooner, never later.
    face_filing_warning: int = Field(FACE_FILING_WARNING, ge=1, le=FACE_FILING_WARNING)
    face_filing_at: int = Field(FACE_FILING_AT, ge=1, le=FACE_FILING_AT)
    webhook_networks: tuple[IPvAnyNetwork, ...] = Field(
        (), description="closed networks that webhooks may reach, such as 10.1.0.0/16"
    )
    smtp_host: str = Field("", description="the server that sends alerts by mail; empty: none")
    smtp_port: Port = 587
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = Field("", description="whose address alerts come from")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="who may read /metrics; empty: this machine alone"
    )
    sms_brand: str = Field("Regulars 熟客", description="who the message is from")
    wechat_h5_app_id: str = Field("", description="the account members sign in by; empty: none")
    wechat_h5_secret: SecretStr = SecretStr("")
    wechat_h5_open: str = Field("https://open.weixin.qq.com", pattern=_HTTPS_OR_HERE)
    wechat_h5_api: str = Field("https://api.weixin.qq.com", pattern=_HTTPS_OR_HERE)
    erasures_dir: Path | None = Field(
        None, description="certificates of erasures, beside backups; none: in secrets_dir"
    )
    leaving_grace_days: int = Field(15, ge=0, le=60, description="how long who left may come back")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which comes as init arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def url_for_stores(self) -> str:
        """Return the HTTP address that device files carry."""
        return self.public_url or f"http://{self.http_host}:{self.http_port}"

    @property
    def wechat_writes_to_page(self) -> bool:
        """Return whether one WeChat account signs members in and sends: a service account."""
        return bool(self.wechat_app_id) and self.wechat_app_id == self.wechat_h5_app_id

    @property
    def certificates_dir(self) -> Path:
        """Return where certificates of erasures lie, which a restore must not take back."""
        return self.erasures_dir or self.secrets_dir / "erasures"

    @property
    def door_for_stores(self) -> str:
        """Return the address at which boxes with certificates ask."""
        return self.door_url or f"https://{self.door_host}:{self.door_port}"

    @property
    def all_brokers(self) -> tuple[BrokerSettings, ...]:
        """Return every broker; one alone has all shards."""
        alone = BrokerSettings(
            shards=frozenset(range(limits.SHARDS)),
            host=self.broker_host,
            port=self.broker_port,
            stores_host=self.stores_broker_host,
            stores_port=self.stores_broker_port,
            websocket_port=self.websocket_port,
            websocket_url=self.websocket_url,
            tls_port=self.broker_tls_port,
        )
        return self.brokers or (alone,)

    def broker_for_stores(self, shard: int) -> BrokerSettings:
        """Return the broker that the boxes of a shard belong to."""
        return next(one for one in self.all_brokers if shard in one.shards)

    @field_validator("brokers")
    @classmethod
    def _each_shard_once(cls, brokers: tuple[BrokerSettings, ...]) -> tuple[BrokerSettings, ...]:
        named = sorted(shard for one in brokers for shard in one.shards)
        if brokers and named != list(range(limits.SHARDS)):
            shards = f"0-{limits.SHARDS - 1}"
            raise ValueError(
                Words(f"shards {shards}: each on one broker", f"分片 {shards} 每个在一台服务器")
            )
        return brokers


def load_settings(path: Path | None) -> Settings:
    """Read the file, if there is one, and the environment.

    Raises Fault SETUP_CONFIG_INVALID naming file and field; values are never quoted.
    """
    named = str(path) if path else "REGULARS_*"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
        return Settings(**content)
    except OSError as error:
        detail = error.strerror or "unreadable"
    except tomllib.TOMLDecodeError as error:
        detail = str(error)
    except ValidationError as error:
        detail = misfit_words(error.errors(include_input=False, include_url=False), file=True)
    raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=named, detail=detail)
