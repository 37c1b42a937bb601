"""What a member says yes or no to on her own page, word for word.

A text is never changed under its version: what somebody agreed to must be readable for ever.
"""

from hashlib import sha256
from typing import Final

from retail_core.insight.persons.plan import WALLET_CONSENT

VERSION: Final = "2026-3"
MEMBERSHIP: Final = "membership"
PERSONALISE: Final = "personalise"
TEXTS: Final[dict[str, dict[str, str]]] = {
    "marketing": {
        "zh": "我同意接收优惠和活动消息,可随时退订。",
        "en": "I agree to receive offers and news; I may unsubscribe at any time.",
    },
    "sms": {
        "zh": "我同意优惠和活动消息用短信发到我的手机号,早九点到晚八点之间;回复 TD 或在这里随时"
        "退订。验证码短信不受影响。",
        "en": "I agree that offers and news come by SMS to my number, between nine and twenty"
        " o'clock. I may stop it by answering TD or here at any time. Codes by SMS still come.",
    },
    "wechat": {
        "zh": "我同意优惠和活动消息用微信服务通知发给我,可在这里随时退订。",
        "en": "I agree that offers and news come as WeChat messages; I may stop it here at any"
        " time.",
    },
    PERSONALISE: {
        "zh": "我同意用我的购物记录推测我的喜好,用于发券和推荐。会员价不因此改变;可随时关闭。",
        "en": "I agree that what I buy is used to guess what I like, for coupons and suggestions."
        " Member prices do not depend on it; I may turn it off at any time.",
    },
    "tags.sensitive": {
        "zh": "我单独同意保存我自己填写的肤质等敏感信息,只用于为我挑选合适的商品,店员在为我服务时"
        "可以看到。它不是推测出来的;撤回后不再使用。",
        "en": "I separately agree that sensitive things I said of myself, such as my skin, are kept"
        " and used to choose goods that suit me; a clerk sees them while serving me. They are"
        " never guessed; after I take this back they are used no more.",
    },
    WALLET_CONSENT: {
        "zh": "我同意把我名下几张会员卡的积分合在一起用;之后撤回,各卡挣的和花的各归各的。",
        "en": "I agree that the points of several memberships of mine are used as one. Taken back,"
        " each membership has again what it earned and spent itself.",
    },
}
# Said on her page; a face is agreed to in a shop, where she is asked her age, and ended anywhere.
SAID_HERE: Final = tuple(TEXTS)


def text_hash(kind: str, language: str) -> bytes:
    """Return the SHA-256 of the text that was shown; any language but `en` is shown zh."""
    texts = TEXTS[kind]
    return sha256(texts.get(language, texts["zh"]).encode()).digest()
