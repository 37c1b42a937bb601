"""One article told as a form, as pumps print it: a word and a figure on each line.

"油品:92#汽油  单价:7.85  升数:38.22  金额:300.03". Believed only when quantity times price is the
amount, and then only when the receipt adds up.
"""

import re
from collections.abc import Iterable
from typing import Final

from edge_agent.domain.tapped_receipt import ReceiptLine
from edge_agent.drivers.till_escpos.amounts import Number, NumberFormat, parse_number
from edge_agent.drivers.till_escpos.layout import Line
from edge_agent.drivers.till_escpos.pricing import multiply
from retail_core.limits import AMOUNT_FEN_MAX, NAME_CHARS_MAX, QTY_MILLI_MAX

_NAME = re.compile(
    r"(?:油品(?:名称)?|商品(?:名称)?|品名|品种|product|grade|fuel type|fuel|sorte|kraftstoff|"
    r"producto|combustible|carburant|produit|carburante|prodotto|produto|combustível|топливо|"
    r"вид топлива|yakıt|paliwo|油種|유종)\s*[:：]\s*(?P<value>\S.*)",
    re.IGNORECASE,
)
_QTY: Final = (
    r"(?:加油)?升数|加油量|油量|数量|數量|gallons?|gal|lit(?:re|er)s?|ltrs?|volume(?: \(\w+\))?|"
    r"qty|quantity|menge|litros|cantidad|quantité|litri|quantità|quantidade|литры|кол-во|количество|"
    r"объем|litre|miktar|ilość|給油量|주유량"
)
_PRICE: Final = (
    r"单价|單價|油价|price ?/ ?(?:gal|ltr|litre|l)|price per (?:gal(?:lon)?|lit(?:re|er)|l)|"
    r"unit price|price|ppg|ppu|preis ?/ ?l|preis|precio ?/ ?l|precio|prix ?/ ?l|prix|prezzo ?/ ?l|"
    r"prezzo|preço ?/ ?l|preço|цена|birim fiyat|fiyat|cena|単価|단가"
)
_AMOUNT: Final = (
    r"金额|加油金额|金額|fuel (?:total|sale|amount)|amount|sale|betrag|importe|montant|importo|"
    r"valor|сумма|стоимость|tutar|kwota|wartość|금액"
)
_UNIT = re.compile(r"(?:/\s?\w+|升|L|l|л)$")
_GRADE = re.compile(
    r"\b(?:unleaded|diesel|super e?\d+|regular|premium|plus|e10|e5|v-?power|gasóleo|gasolina|"
    r"benzina|gasolio|sp ?9[58]|аи-?\d\d|дт)\b[ \w+-]{0,12}|\d{2}(?:#|号|號)(?:车用)?(?:汽油|柴油)",
    re.IGNORECASE,
)


def form_article(lines: Iterable[Line], form: NumberFormat) -> ReceiptLine | None:
    """Return the article that labelled lines describe, None when they describe none."""
    texts = [line.text for line in lines]
    qty, price = _figure(texts, _QTY, form), _figure(texts, _PRICE, form)
    name = _name(texts)
    if qty is None or price is None or not name:
        return None
    product = multiply(qty, price)
    amount = _figure(texts, _AMOUNT, form)
    fen = product if amount is None else amount.fen
    # a pump counts to the thousandth of a litre and prints hundredths
    if abs(product - fen) * 1_000 > max(fen, 1_000):
        return None
    if not (0 < qty.milli <= QTY_MILLI_MAX and 0 < fen <= AMOUNT_FEN_MAX):
        return None
    return ReceiptLine(name[:NAME_CHARS_MAX], qty.milli, fen)


def _name(texts: list[str]) -> str:
    said = (found["value"] for text in texts if (found := _NAME.fullmatch(text.strip())))
    grades = (found[0] for text in texts if (found := _GRADE.search(text)))
    return " ".join(next(said, next(grades, "")).split())


def _figure(texts: list[str], words: str, form: NumberFormat) -> Number | None:
    """Return the number behind the first line's word, when it is the only one there."""
    pattern = re.compile(
        rf"(?:{words})\s*[:：.]*\s*(?P<value>\D{{0,4}}\d\S*(?:\s\S{{1,6}})?)", re.IGNORECASE
    )
    for text in texts:
        found = pattern.fullmatch(text.strip())
        if found is None:
            continue
        for value in (found["value"], found["value"].split()[0]):
            number = parse_number(_UNIT.sub("", value), form)
            if number is not None and number.fen > 0:
                return number
    return None
