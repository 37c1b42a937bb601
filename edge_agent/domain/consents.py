"""What a customer is asked, word for word: a consent record names the text by version and hash.

A text is never changed under its version: what somebody agreed to must be readable for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

CONSENT_TEXT_VERSION = "2026-2"

MEMBERSHIP = "membership"
FACE_LOCAL = "face.local"
FACE_ROAMING = "face.roaming"
FACE_WALK_UP = "face.walk_up"
FACE_GUARDIAN = "face.minor_guardian"
MARKETING = "marketing"

Age = Literal["", "14+", "under14"]
OLD_ENOUGH: Age = "14+"
TOO_YOUNG: Age = "under14"
UNDECLARED: Age = ""

CONSENT_TEXTS: dict[str, dict[str, str]] = {
    MEMBERSHIP: {
        "zh": "我同意成为会员,门店可保存我的姓名、手机号的加密摘要和消费记录,"
        "用于积分和会员价。我可随时退出。",
        "en": "I agree to become a member. The shop may keep my name, a keyed hash of my phone"
        " number and my purchases for points and member prices. I may leave at any time.",
    },
    FACE_LOCAL: {
        "zh": "我单独同意本店为识别会员身份而处理我的人脸特征。特征经变换并加密,只存放在本店"
        "设备内,不保存照片,只在我主动要求刷脸时比对;12 个月不用即删除。我可改用会员码、会员卡"
        "或手机号,也可随时撤回,撤回后特征立即删除,会员资格不受影响。",
        "en": "I separately agree that this shop processes my face template to recognise me as a"
        " member. It is transformed and encrypted, kept on this shop's device only, no picture is"
        " kept, it is compared only when I ask to be recognised, and it is deleted after 12 months"
        " without use. I may use a code, a card or my phone number instead, and withdraw at any"
        " time: the template is then deleted at once and my membership is not affected.",
    },
    FACE_ROAMING: {
        "zh": "我单独同意把我的人脸特征加密后发送到我选择的其他门店,到期自动失效。",
        "en": "I separately agree that my face template is sent, sealed, to other shops I choose;"
        " it expires by itself.",
    },
    # `face.local` promises that she is compared only when she asks: this is another promise.
    FACE_WALK_UP: {
        "zh": "我另外单独同意:我走近本店柜台前标明的识别区时,本店不经我开口就用上述人脸特征认出"
        "我。只在识别区内、柜台没有在接待别人时比对;认出后店员可以看到我是会员,只凭人脸不能花"
        "积分。不同意或撤回这一项,不影响我主动刷脸,也不影响会员资格;可随时撤回,撤回后立即停止。",
        "en": "I also separately agree that this shop recognises me by that face template, without"
        " my asking, when I step into the marked zone before its counter. I am compared only inside"
        " that zone and only while nobody else is served there; the clerk then sees that I am a"
        " member, and a face alone never spends points. Saying no, or taking this back at any time,"
        " ends it at once and leaves recognition on my request and my membership as they are.",
    },
    FACE_GUARDIAN: {
        "zh": "我是这位未满十四周岁会员的监护人,已阅读儿童个人信息处理规则,单独同意本店按上述"
        "说明处理其人脸特征,可随时撤回。",
        "en": "I am the guardian of this member, who is under fourteen. I have read the rules on"
        " children's personal information and separately agree that this shop processes the"
        " child's face template as described; I may withdraw at any time.",
    },
    MARKETING: {
        "zh": "我同意接收优惠信息,可随时退订。",
        "en": "I agree to receive offers; I may unsubscribe at any time.",
    },
}


@dataclass(frozen=True, slots=True)
class Consent:
    """One word of a member on one kind; `given` False withdraws. `consent_id` names the event.

    `age` is what she declared of herself when faces are concerned; no birthday is asked.
    """

    consent_id: UUID
    member_id: UUID
    kind: str
    given: bool
    text_version: str
    text_hash: bytes
    language: str
    channel: str
    wall_ms: int
    operator: UUID | None = None
    till: UUID | None = None
    age: str = UNDECLARED


def known_kind(kind: str) -> bool:
    """Return whether a text exists for this kind of consent."""
    return kind in CONSENT_TEXTS


def text_hash(kind: str, language: str) -> bytes:
    """Return the SHA-256 of the text that was shown; any language but `en` is shown zh."""
    texts = CONSENT_TEXTS[kind]
    return sha256(texts.get(language, texts["zh"]).encode()).digest()


def standing(words: Iterable[Consent], *, walks_up: bool | None) -> tuple[str, ...]:
    """Return the kinds whose newest word is a yes that counts, of everything somebody said.

    One on walking up counts when it was said after the word that her templates rest on, which the
    ledger knows as `walks_up`; None while she has no template: then after the newest on faces.
    """
    newest: dict[str, Consent] = {}
    for word in words:
        newest.pop(word.kind, None)
        newest[word.kind] = word
    said = [kind for kind, word in newest.items() if word.given]
    if FACE_WALK_UP in said:
        after = FACE_LOCAL in said[: said.index(FACE_WALK_UP)] if walks_up is None else walks_up
        said = said if after else [kind for kind in said if kind != FACE_WALK_UP]
    return tuple(said)


def age_word(is_14_or_older: bool | None) -> Age:  # noqa: FBT001 -- it is what the form says
    """Return the declaration as it is kept; None is "not asked"."""
    if is_14_or_older is None:
        return UNDECLARED
    return OLD_ENOUGH if is_14_or_older else TOO_YOUNG


def face_refused_for_age(age: str, *, guardian: bool) -> bool:
    """Return whether age stands in the way: under fourteen or not declared, and no guardian."""
    return age != OLD_ENOUGH and not guardian
