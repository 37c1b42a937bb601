"""What the words on a receipt mean, in the languages tills speak here; profiles add their own.

A word counts only when it makes up a good part of its label: "TOTAL EUR" is a total, "Total Repair
Shampoo" is an article. Longer words win over shorter ones inside them ("Subtotal", "Total tax").
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum

_SHARE_PERMILLE_MIN = 450
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Meaning(StrEnum):
    """What a line is about."""

    DUE = "due"
    TOTAL = "total"
    SUBTOTAL = "subtotal"
    DISCOUNT = "discount"
    ROUNDING = "rounding"
    SAVED = "saved"
    EXTRA = "extra"
    TAX = "tax"
    TENDER = "tender"
    CHANGE = "change"
    COUNT = "count"
    NOTE = "note"
    REFUND = "refund"
    VOID = "void"
    REPRINT = "reprint"
    REPORT = "report"


WORDS: Mapping[Meaning, str] = {
    Meaning.DUE: """
        应收|应收金额|应付|应付金额|实付|实付金额|实付款|应付款|需付|待付|本单应收|折后合计|优惠后合计|折后金额|amount due|balance due|
        total due|to pay|amount payable|net total|net amount|grand total|total to pay|
        total amount due|zu zahlen|zahlbetrag|endbetrag|gesamtbetrag|rechnungsbetrag|
        total a pagar|importe total|total a abonar|neto a pagar|net à payer|net a payer|
        total à payer|montant dû|totale a pagare|totale complessivo|da pagare|importo pagato|
        te betalen|valor a pagar|genel toplam|ödenecek tutar|к оплате|итого к оплате|do zapłaty|
        k úhradě|att betala|å betale|at betale|fizetendő|お買上げ額|お支払額|ご請求額|결제금액|받을금액|
        tổng thanh toán|jumlah bayar""",
    Meaning.TOTAL: """
        合计|总计|合計|總計|总金额|总额|合计金额|总计金额|消费合计|商品合计|本单合计|交易金额|消费金额|金额合计|total|sum|grand total|
        total amount|total sale|sale total|order total|summe|gesamt|gesamtsumme|total eur|
        summe eur|importe|total ttc|montant total|totale|totale euro|totaal|toplam|итог|итого|
        всего|suma|razem|celkem|összesen|totalt|i alt|yhteensä|σύνολο|お買上計|お会計|총계|합계|tổng cộng|
        tổng tiền|jumlah|ukupno|skupaj|spolu""",
    Meaning.SUBTOTAL: """
        小计|小計|原价合计|商品金额|折前合计|原价|合计原价|sub total|subtotal|sub-total|net sales|zwischensumme|
        warenwert|sous-total|sous total|subtotale|subtotaal|ara toplam|подытог|подитог|
        suma częściowa|mezisoučet|részösszeg|delsumma|소계|subtotal sin iva|total ht|total net|
        total excl|total excluding tax|netto|nettosumme""",
    Meaning.DISCOUNT: """
        优惠|折扣|减免|立减|满减|会员优惠|会员折扣|优惠金额|折扣金额|优惠券|代金券|抵扣|积分抵扣|让利|促销优惠|整单折扣|整单优惠|折让|特价优惠|活动优惠|单品折扣|
        割引|値引|discount|item discount|member discount|promo|promotion|coupon|voucher|markdown|
        multibuy|offer|rabatt|nachlass|gutschein|aktion|descuento|dto|cupón|bonificación|remise|
        réduction|bon de réduction|sconto|abbuono|korting|desconto|indirim|iskonto|скидка|rabat|
        opust|zniżka|sleva|kedvezmény|할인""",
    Meaning.ROUNDING: """
        抹零|抹零金额|去零|去尾|舍入|四舍五入|rounding|round off|rundung|redondeo|arrondi|arrotondamento|
        afronding|öresavrundning|avrunding|pyöristys|zaokrąglenie|zaokrouhlení|kerekítés|
        округление""",
    Meaning.SAVED: """
        已优惠|共优惠|已节省|为您节省|本次节省|累计优惠|总优惠|优惠合计|节省|total savings|you saved|savings|total saved|
        you save|total discount|sie sparen|gespart|ihre ersparnis|usted ahorra|total ahorro|
        ahorro|vous économisez|hai risparmiato|u bespaart|toplam indirim|вы сэкономили""",
    Meaning.EXTRA: """
        服务费|配送费|包装费|打包费|运费|茶位费|餐位费|service charge|service|delivery fee|delivery|tip|gratuity|
        bag fee|shipping|lieferung|versand|trinkgeld|propina|servicio|envío|livraison|coperto|
        servizio|сервис""",
    Meaning.TAX: """
        税|税额|税金|增值税|含税|不含税|tax|vat|sales tax|total tax|gst|hst|pst|incl vat|mwst|ust|
        mwst-betrag|enthaltene mwst|steuer|iva|i.v.a|total iva|tva|total tva|taxe|taxes|kdv|
        toplam kdv|ндс|в т.ч. ндс|btw|moms|dph|áfa|ptu|消費税|내税|부가세|impuesto|imposto""",
    Meaning.TENDER: """
        现金|现金支付|人民币|支付宝|微信|微信支付|银行卡|刷卡|会员卡|储值卡|储值|储值支付|余额支付|云闪付|银联|扫码支付|移动支付|实收|实收金额|收款|付款|支付|
        支付方式|收现金|已收|收您|預り|お預り|现计|cash|cash tendered|tendered|amount tendered|card|credit card|
        debit card|visa|mastercard|amex|paid|payment|amount paid|gift card|contactless|bar|
        bargeld|gegeben|karte|ec-karte|girocard|bezahlt|kartenzahlung|efectivo|tarjeta|pago|
        pagado|entregado|espèces|especes|carte|carte bancaire|cb|reçu|payé|contanti|contante|
        carta|pagamento|pagato|contant|pin|betaald|dinheiro|cartão|nakit|kredi kartı|kart|
        наличные|наличными|картой|безналичными|получено|gotówka|karta|hotovost|készpénz|kontant|
        kort|현금|카드|alipay|wechat|wechat pay|paypal""",
    Meaning.CHANGE: """
        找零|找回|找赎|找补|找零金额|change|change due|your change|rückgeld|wechselgeld|zurück|cambio|
        vuelto|su cambio|rendu|monnaie|à rendre|rendu monnaie|resto|wisselgeld|terug|troco|
        para üstü|сдача|reszta|vrácení|visszajáró|växel|お釣り|おつり|釣銭|거스름돈""",
    Meaning.COUNT: """
        件数|总件数|总数量|合计数量|数量合计|商品数量|品种数|品项数|共计件数|总数|数量|items|item count|total items|no of items|
        number of items|items sold|articles|total qty|total quantity|anzahl|artikel|
        anzahl artikel|positionen|artículos|total artículos|unidades|nb articles|
        nombre d'articles|articoli|aantal|adet|позиций|количество|点数|買上点数""",
    Meaning.NOTE: """
        单号|流水号|小票号|交易号|订单号|票号|收银员|收银机|收款员|营业员|导购|日期|时间|电话|地址|会员|会员号|会员卡号|卡号|积分|本次积分|累计积分|可用积分|
        余额|卡余额|储值余额|终端号|门店|店号|机号|台号|桌号|人数|品名|单价|金额|tel|phone|fax|date|time|cashier|clerk|server|
        till|terminal|register|receipt no|receipt|invoice|order no|store|member|points|
        points earned|points balance|balance|table|guests|datum|uhrzeit|kasse|kassierer|bon-nr|
        beleg-nr|bon|steuernummer|ust-id|telefon|filiale|bediener|fecha|hora|caja|cajero|
        cliente|vendedor|ticket|cuit|nif|cif|teléfono|caissier|caisse|siret|facture|tél|cassa|
        scontrino|p.iva|data|ora|operatore|fiş no|tarih|saat|kasiyer|vergi no|чек|кассир|инн|
        смена|дата|paragon|nip|kasjer|účtenka|ičo|dič|nyugta""",
    Meaning.REFUND: """
        退货|退款|退货单|退货小票|退款单|退单|红冲|退|refund|return|refund receipt|sales return|return receipt|
        credit note|retoure|rückgabe|gutschrift|erstattung|devolución|nota de crédito|
        remboursement|retour|avoir|reso|rimborso|retourbon|devolução|iade|возврат|zwrot|vratka|
        返品|返金|환불|반품""",
    Meaning.VOID: """
        作废|已作废|撤销|撤单|取消|已取消|交易取消|废单|void|voided|cancelled|canceled|cancellation|
        transaction void|sale void|no sale|storno|stornobeleg|bonstorno|abbruch|anulado|
        anulación|cancelado|annulé|annulation|annullato|annullo|geannuleerd|iptal|аннулировано|
        отмена|anulowano|取消済|취소""",
    Meaning.REPRINT: """
        重印|重打|补打|补印|副本|重打印|重印小票|补打小票|复印|复本|reprint|reprinted|duplicate|copy|duplicate receipt|
        receipt copy|kopie|nachdruck|zweitschrift|duplikat|belegkopie|copia|reimpresión|
        duplicado|copie|duplicata|ristampa|duplicato|kopie bon|segunda via|reimpressão|kopya|
        suret|копия|дубликат|kopia|opis|再発行|재발행""",
    Meaning.REPORT: """
        日结|日结单|日结报表|交班|交班单|交接班|班结|报表|销售报表|销售汇总|收银汇总|对账单|结算单|预结单|预结|预打单|结账前|未结账|厨房单|厨打单|后厨|点菜单|
        加菜单|传菜单|配货单|出库单|入库单|盘点单|充值|充值小票|充值单|开钱箱|签购单|商户存根|持卡人存根|测试|打印测试|测试页|自检|价签|z report|
        x report|z-report|x-report|end of day|day end|daily report|daily sales|shift report|
        cash up|sales report|sales summary|pro forma|proforma|pro-forma|not a receipt|
        guest check|kitchen|kitchen order|order ticket|quotation|quote|estimate|delivery note|
        picking list|merchant copy|card slip|top up|test print|printer test|self test|paid in|
        paid out|cash drop|float|tagesabschluss|z-bericht|x-bericht|z-bon|x-bon|kassenabschluss|
        kassensturz|zwischenrechnung|küche|lieferschein|angebot|händlerbeleg|cierre|cierre z|
        arqueo|corte x|corte z|presupuesto|cocina|comanda|remito|clôture|rapport z|ticket z|
        devis|cuisine|bon de livraison|chiusura|preconto|preventivo|cucina|dagafsluiting|
        z raporu|x raporu|gün sonu|отчет|z-отчет|x-отчет|гашение|raport dobowy|raport|日計|精算|点検|
        정산""",
}
"""Meaning → words, separated by bars; case, accents' form and punctuation do not matter."""


def normal(text: str) -> str:
    """Fold widths, case and punctuation: words with single blanks between them."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w]|_", " ", folded).split())


def _compact(text: str) -> str:
    return text.replace(" ", "")


class Vocabulary:
    """The words of one till: the built-in ones and those of its profile."""

    def __init__(self, extra: Mapping[Meaning, Iterable[str]] | None = None) -> None:
        self._words: list[tuple[str, Meaning]] = []
        for meaning in Meaning:
            own = list((extra or {}).get(meaning, ()))
            for word in [*WORDS[meaning].split("|"), *own]:
                self._words.append((normal(word), meaning))
        self._words.sort(key=lambda entry: -len(entry[0]))

    def meaning(self, label: str, *, among: frozenset[Meaning] | None = None) -> Meaning | None:
        """Return what a label means, None for a label that is mostly something else."""
        text = re.sub(r"\d+", " ", normal(label))
        text = " ".join(text.split())
        letters = len(_compact(text))
        for word, meaning in self._words:
            if among is not None and meaning not in among:
                continue
            share = len(_compact(word)) * 1000
            if share >= letters * _SHARE_PERMILLE_MIN and _contains(text, word):
                return meaning
        return None


def _contains(text: str, word: str) -> bool:
    """Find a word: between blanks in Latin, anywhere in Chinese, whose tills also space it out."""
    if _CJK.search(word):
        return word in _compact(text)
    return f" {word} " in f" {text} "
