"""Which providers of advertisements the settings name."""

import json
import sys
from functools import partial
from urllib.parse import urlsplit

from cloud_broker.adapters.message_sms import ScreenMessages, SmsMessages
from cloud_broker.adapters.message_wechat import WeChatAccount, WeChatMessages
from cloud_broker.adapters.sms import SECRET_CHARS_MIN, is_here
from cloud_broker.domain import message_receipts
from cloud_broker.domain.connectors.shape import Pushed
from cloud_broker.domain.message_receipts import Heard
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.messages import MessageSender
from cloud_broker.services.insight.campaign_desks import Providers
from cloud_broker.services.insight.message_hearing import Reader
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import Channel
from retail_core.texts.faults import FaultCode


def message_providers(settings: Settings, clock: Clock) -> Providers:
    """Return what is set up; Fault SETUP_CONFIG_INVALID for one that may not be."""
    senders: dict[Channel, MessageSender] = {}
    readers: dict[Channel, Reader] = {}
    match settings.message_sms_provider:
        case "screen":
            if not all(is_here(url) for url in (settings.url_for_stores, _own(settings))):
                detail = "screen: 只供本机试用 for trying out on this machine only"
                _refuse("message_sms_provider", detail)
            senders["sms"] = ScreenMessages(sys.stderr, "sms")
        case "webhook":
            senders["sms"] = _sms(settings, clock)
            secret = settings.message_sms_secret.get_secret_value().encode()
            readers["sms"] = partial(_sms_heard, secret)
        case "none":
            """Nobody is written to by SMS."""
    if settings.wechat_app_id:
        senders["wechat"] = _wechat(settings, clock)
        if settings.wechat_token.get_secret_value():
            secrets = {
                "token": settings.wechat_token.get_secret_value(),
                "aes_key": settings.wechat_aes_key.get_secret_value(),
                "app_id": settings.wechat_app_id,
            }
            readers["wechat"] = partial(_wechat_heard, secrets)
    return Providers(senders, readers)


def _sms(settings: Settings, clock: Clock) -> SmsMessages:
    secret = settings.message_sms_secret.get_secret_value()
    if len(secret) < SECRET_CHARS_MIN:
        detail = f"至少 {SECRET_CHARS_MIN} 个字符 at least {SECRET_CHARS_MIN} characters"
        _refuse("message_sms_secret", detail)
    _check_https(settings.message_sms_url, "message_sms_url")
    body = None
    if settings.message_sms_body:
        try:
            body = json.loads(settings.message_sms_body)
        except ValueError:
            body = ()
        if not isinstance(body, dict):
            _refuse("message_sms_body", "不是 JSON 对象 no JSON object")
    return SmsMessages(settings.message_sms_url, secret.encode(), clock, body)


def _wechat(settings: Settings, clock: Clock) -> WeChatMessages:
    _check_https(settings.wechat_home, "wechat_home")
    secret = settings.wechat_app_secret.get_secret_value()
    if not secret:
        _refuse("wechat_app_secret", "不能为空 must not be empty")
    account = WeChatAccount(
        settings.wechat_app_id,
        secret,
        settings.wechat_page,
        settings.wechat_home,
        service=settings.wechat_writes_to_page,
    )
    return WeChatMessages(account, clock)


def _sms_heard(secret: bytes, pushed: Pushed, now_ms: int) -> Heard:
    return message_receipts.sms(pushed, secret, now_ms)


def _wechat_heard(secrets: dict[str, str], pushed: Pushed, now_ms: int) -> Heard:
    return message_receipts.wechat(pushed, secrets, now_ms)


def _check_https(url: str, setting: str) -> None:
    if urlsplit(url).scheme != "https" and not is_here(url):
        _refuse(setting, "号码只能走 https a number travels by https only")


def _own(settings: Settings) -> str:
    return f"http://{settings.http_host}"


def _refuse(path: str, detail: str) -> None:
    raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=detail)
