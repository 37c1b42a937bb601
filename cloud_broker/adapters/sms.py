"""Which provider of SMS the settings name."""

import json
import sys
from ipaddress import ip_address
from urllib.parse import urlsplit

from cloud_broker.adapters.sms_screen import ScreenSms
from cloud_broker.adapters.sms_webhook import WebhookSms
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.sms import SmsSender
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

SECRET_CHARS_MIN = 16


def sms_sender(settings: Settings, clock: Clock) -> SmsSender | None:
    """Return the provider, None for none; Fault SETUP_CONFIG_INVALID for one that may not be."""
    match settings.sms_provider:
        case "none":
            return None
        case "screen":
            if not all(is_here(url) for url in _urls(settings)):
                _refuse("sms_provider", "screen: 只供本机试用 for trying out on this machine only")
            return ScreenSms(sys.stderr)
        case "webhook":
            return _webhook(settings, clock)


def _webhook(settings: Settings, clock: Clock) -> WebhookSms:
    secret = settings.sms_secret.get_secret_value()
    if len(secret) < SECRET_CHARS_MIN:
        _refuse(
            "sms_secret", f"至少 {SECRET_CHARS_MIN} 个字符 at least {SECRET_CHARS_MIN} characters"
        )
    if urlsplit(settings.sms_url).scheme != "https" and not is_here(settings.sms_url):
        _refuse("sms_url", "号码只能走 https a number travels by https only")
    body = None
    if settings.sms_body:
        try:
            body = json.loads(settings.sms_body)
        except ValueError:
            body = ()
        if not isinstance(body, dict):
            _refuse("sms_body", "不是 JSON 对象 no JSON object")
    return WebhookSms(settings.sms_url, secret.encode(), clock, body)


def _urls(settings: Settings) -> tuple[str, str]:
    return settings.url_for_stores, f"http://{settings.http_host}"


def is_here(url: str) -> bool:
    """Tell whether an address is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse(path: str, detail: str) -> None:
    raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=detail)
