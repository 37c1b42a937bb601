"""The slip of a card terminal, told by what it says above its amount: who, where, which card."""

import re
from collections.abc import Iterable

# One till's receipt may name two of these, a slip names more.
_KINDS_MIN = 3
_MERCHANT = (
    r"\bMID\b",
    r"merchant\s*(?:id|no|nr|#)",
    r"商户(?:号|编号|代码)",
    "特约商户",
    "商店代號",
    r"\bVU-?Nr",
    r"\besercente\b",
    r"[iıİ][sş] ?yer[iıİ]\s*no",
    "мерчант",
    "加盟店(?:番号|名)",
    "가맹점(?:명|번호)",
    r"\bcom[eé]rcio:?\s*\d",
)
_TERMINAL = (
    r"\bTID\b",
    r"\bterm(?:inal)?\W{0,2}(?:id|no|nr)\b",
    r"\bterm[iıİ]nal:?\s*\d",
    "终端(?:号|编号)",
    "終端機",
    r"\bTML\b",
    r"терминал:?\s*\d",
    "端末番号",
    "단말기",
)
_APPLICATION = (r"\bAID\b", r"\bA0{4,}\d{3}")
_APPROVAL = (
    r"\bauth(?:orization)?\.?\s*(?:code|no|#)?\s*\d",
    "授权码",
    "授權碼",
    "genehmigung",
    r"n° auto\b",
    r"\baut\. ?\d",
    "onay kodu",
    "код авторизации",
    "承認番号",
    "승인번호",
    r"\bRRN\b",
    "参考号",
    "參考號",
    r"\bapproval",
)
_CARD = (r"[*#xX]{3,}[ -]?\d{4}(?!\d)", "(?<!会员)(?<!員)卡号", "發卡行", "发卡行")
_TRACE = (
    "批次号",
    "批次號",
    "凭证号",
    r"\bbatch\b",
    r"\btrace\b",
    r"\bSTAN\b",
    r"\bTA-?Nr",
    r"\bBNr\b",
)
_ENTRY = (
    "交易类型",
    "交易類別",
    "entry (?:method|mode)",
    "contactless",
    "sans contact",
    "kontaktlos",
    "取引内容",
    r"\bchip read\b",
    r"\bswiped?\b",
    "одобрено",
)
_MARKS = tuple(
    re.compile("|".join(words), re.IGNORECASE)
    for words in (_MERCHANT, _TERMINAL, _APPLICATION, _APPROVAL, _CARD, _TRACE, _ENTRY)
)


def is_card_slip(head: Iterable[str]) -> bool:
    """Whether what stands above the first amount is a card terminal's."""
    text = "\n".join(head)
    return sum(mark.search(text) is not None for mark in _MARKS) >= _KINDS_MIN
