"""How often a code may be sent by SMS, and what it says.

Six digits, five tries, ten codes a day: whoever guesses for a whole day hits one number once in
20,000 days. The limits of a device keep a stolen one from sending SMS to strangers all night.
"""

from collections.abc import Sequence
from typing import Literal

CODE_DIGITS = 6
LIFE_MS = 5 * 60_000
TRIES_MAX = 5
RESEND_MS = 60_000
DAY_MS = 24 * 3_600_000
PER_PHONE_DAY = 10
PER_DEVICE_DAY = 500
PER_DEVICE_BURST = 30
BURST_MS = 10 * 60_000
# Long enough to count a day; nothing about a code is worth keeping longer.
KEPT_MS = 2 * DAY_MS

TEXTS = {
    "till": {
        "zh": "【{brand}】验证码 {code},{minutes} 分钟内有效。请告诉收银员以使用积分或优惠券;"
        "如非本人在店,请勿告知任何人。",
        "en": "{brand}: your code is {code}, valid for {minutes} minutes. Tell it to the cashier"
        " to spend points or coupons; if you are not in the shop, tell nobody.",
    },
    "sign_in": {
        "zh": "【{brand}】验证码 {code},{minutes} 分钟内有效,用于在手机上登录您的会员页。"
        "请勿告知任何人,店员也不会问。",
        "en": "{brand}: your code is {code}, valid for {minutes} minutes, to open your member's"
        " page on your phone. Tell nobody; no clerk asks for it.",
    },
    "leave": {
        "zh": "【{brand}】验证码 {code},{minutes} 分钟内有效,用于注销您的会员账户。"
        "如非本人操作,请勿告知任何人。",
        "en": "{brand}: your code is {code}, valid for {minutes} minutes, to close your account."
        " If this was not you, tell nobody.",
    },
}
Purpose = Literal["till", "sign_in", "leave"]


def wait_ms(of_phone: Sequence[int], of_device: Sequence[int], now_ms: int) -> int:
    """Return how long to wait before the next code, 0 for now; both hold when codes were made."""
    return max(
        _until(of_phone, 1, RESEND_MS, now_ms),
        _until(of_phone, PER_PHONE_DAY, DAY_MS, now_ms),
        _until(of_device, PER_DEVICE_BURST, BURST_MS, now_ms),
        _until(of_device, PER_DEVICE_DAY, DAY_MS, now_ms),
    )


def digits_of(randomness: bytes) -> str:
    """Return six digits of eight random bytes (the bias is below 10^-12)."""
    return f"{int.from_bytes(randomness[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def text_of(code: str, brand: str, language: str, purpose: Purpose = "till") -> str:
    """Return what she reads; any language but `en` is zh."""
    texts = TEXTS[purpose]
    template = texts.get(language, texts["zh"])
    return template.format(code=code, brand=brand, minutes=LIFE_MS // 60_000)


def _until(made: Sequence[int], allowed: int, window_ms: int, now_ms: int) -> int:
    recent = sorted(ms for ms in made if ms > now_ms - window_ms)
    if len(recent) < allowed:
        return 0
    return recent[-allowed] + window_ms - now_ms
