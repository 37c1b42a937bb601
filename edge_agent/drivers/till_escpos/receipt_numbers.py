"""The number of a receipt, and of the one it takes back."""

import re

from edge_agent.drivers.till_escpos.layout import Sheet

_ORIGINAL = re.compile(
    r"(?:原(?:始)?(?:单号|單號|小票号?|流水号?|交易号|订单号|票号|凭证号?|销售单号?)|元(?:伝票|レシート)|원\s?(?:영수증|거래)|"
    r"orig(?:inal|\.)?\s*(?:receipt|sale|trans(?:action)?|invoice|ticket|order|bon|beleg|chk)|"
    r"(?:original|ursprungs?|urspr\.?)[- ]?(?:bon|beleg|rechnung)|zu bon|"
    r"(?:ticket|facture)\s+(?:d'origine|origine|original)|(?:ticket|factura)\s+original|"
    r"(?:scontrino|documento|doc\.?)\s+(?:originale|di riferimento|rif\.?)|fatura\s+original|"
    r"(?:asıl|orijinal)\s+fiş|чек\s+(?:продажи|основание)|(?:receipt|sale) returned|refund of)"
    r"[-. ]*(?:no|nr|number|num|#|n°|nº|№|号|号码|番号|번호)?\s*[.:：#]*\s*"
    r"([A-Za-z]{0,4}[-]?\d[\w-]{0,31})",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    r"(?:单号|单据(?:编号|号)|票据号|账单号|帐单号|小票编号|流水号?|小票号?|交易号|订单号|票号|序号|單號|序號|レシート|伝票(?:番号)?|영수증|주문|거래|"
    r"фиш|чек|документ|док|fiş|belge|scontrino|documento|doc|fatura|talão|fattura|boleta|factura(?:\s+simplificada)?|"
    r"فاتورة رقم|رقم الفاتورة|facture|bill|slip|"
    r"receipt|invoice|order|ticket|trans(?:action)?|bon|beleg|rechnung|chk|check|no|nr|n°|nº|№)"
    r"[-. ]*(?:no|nr|n|number|num|#|n°|nº|№|号|号码|番号|번호|simplificada)?\s*[.:：#]*\s*"
    r"([A-Za-z]{0,4}[-]?\d[\w-]{2,31})",
    re.IGNORECASE,
)
_BEHIND_WORD = r"\s*[.:：#]*\s*([A-Za-z]{0,6}[-]?\d[\w/-]{0,31})"
_BAR_CODE = re.compile(r"\w*\d{3}\w*")
_HASH_NUMBER = re.compile(r"(?<!\w)#\s?(\d[\w-]{2,31})")


def number_behind(sheet: Sheet, words: tuple[str, ...]) -> str:
    """Return the number printed behind one of a till's own words for it, else ""."""
    for word in words:
        for line in sheet.lines:
            found = re.search(re.escape(word) + _BEHIND_WORD, line.text, re.IGNORECASE)
            if found is not None:
                return found[1]
    return ""


def receipt_number(sheet: Sheet) -> str:
    """Return the number printed on the receipt, else the one in its bar code, else ""."""
    texts = [line.text for line in sheet.lines if not _ORIGINAL.search(line.text)]
    for pattern in (_NUMBERS, _HASH_NUMBER):
        for text in texts:
            found = pattern.search(text)
            if found is not None:
                return found[1]
    return next((code for code in sheet.bar_codes if _BAR_CODE.fullmatch(code)), "")


def original_number(sheet: Sheet) -> str:
    """Return the number of the receipt that this one takes back, else ""."""
    found = (_ORIGINAL.search(line.text) for line in sheet.lines)
    return next((each[1] for each in found if each is not None), "")
