"""What a customer is asked, word for word: a consent record names the text by version and hash."""

from hashlib import sha256

CONSENT_TEXT_VERSION = "2026-1"

CONSENT_TEXTS: dict[str, dict[str, str]] = {
    "membership": {
        "zh": "我同意成为会员,门店可保存我的姓名、手机号的加密摘要和消费记录,"
        "用于积分和会员价。我可随时退出。",
        "en": "I agree to become a member. The shop may keep my name, a keyed hash of my phone"
        " number and my purchases for points and member prices. I may leave at any time.",
    },
    "face.local": {
        "zh": "我单独同意本店为识别会员身份而处理我的人脸特征。特征加密存放在本店设备内,"
        "不保存照片;我可改用会员码、会员卡或手机号,也可随时撤回,撤回后特征即被删除。",
        "en": "I separately agree that this shop processes my face template to recognise me as a"
        " member. It is kept encrypted on this shop's device, no picture is kept; I may use a code,"
        " a card or my phone number instead, and withdraw at any time, upon which the template is"
        " deleted.",
    },
    "face.roaming": {
        "zh": "我单独同意把我的人脸特征加密后发送到我选择的其他门店,到期自动失效。",
        "en": "I separately agree that my face template is sent, sealed, to other shops I choose;"
        " it expires by itself.",
    },
    "marketing": {
        "zh": "我同意接收优惠信息,可随时退订。",
        "en": "I agree to receive offers; I may unsubscribe at any time.",
    },
}


def known_kind(kind: str) -> bool:
    """Return whether a text exists for this kind of consent."""
    return kind in CONSENT_TEXTS


def text_hash(kind: str, language: str) -> bytes:
    """Return the SHA-256 of the text that was shown; any language but `en` is shown zh."""
    texts = CONSENT_TEXTS[kind]
    return sha256(texts.get(language, texts["zh"]).encode()).digest()
