"""What a column of a file may be for, and what people call it in several languages."""

from dataclasses import dataclass

from retail_core.texts.words import Words


@dataclass(frozen=True, slots=True)
class Role:
    """What a column is for.

    `names` and `parts` are without blanks, marks and capitals: a name is the whole heading, a part
    stands somewhere in it; the earlier, the better. `never` are parts that speak against it.
    """

    what: Words
    option: str
    names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CUSTOMER = Role(
    Words("the customer", "顾客"),
    "--customer",
    names=_words(
        "customerid customer custid cust memberid member userid user uid clientid client "
        "personid person householdid buyerid buyer shopper cardid cardno openid unionid phone "
        "mobile 顾客 客户 会员 用户 买家 顾客编号 客户编号 会员号 会员编号 会员卡号 用户id "
        "会员id 客户id 手机号 手机 卡号 kunde kundennummer kundenid cliente idcliente "
        "clienteid idclient 顧客 顧客id 会員 会員番号 고객"
    ),
    parts=_words(
        "customer member household client shopper buyer user kunde 顾客 客户 会员 用户 买家 "
        "顧客 会員 고객 cust"
    ),
    never=_words(
        "name type level tier age gender sex country city 姓名 类型 等级 年龄 性别 昵称 since "
        "segment price amount date agent"
    ),
)
DATE = Role(
    Words("the day", "日期"),
    "--date",
    names=_words(
        "date orderdate purchasedate transactiondate invoicedate businessdate day orderedat "
        "datetime timestamp time createdat paidat 日期 下单日期 交易日期 下单时间 支付时间 "
        "付款时间 交易时间 订单日期 购买日期 消费日期 消费时间 时间 datum bestelldatum fecha "
        "datedachat 日付 購入日 날짜"
    ),
    parts=_words(
        "orderdate purchasedate invoicedate transactiondate transactiontimestamp timestamp "
        "date time 日期 时间 datum fecha 日付 日時 날짜"
    ),
    never=_words(
        "birth update modified ship deliver register join refund cancel 生日 更新 发货 注册 "
        "入会 退款 取消 收货 timezone"
    ),
)
AMOUNT = Role(
    Words("the amount", "金额"),
    "--amount",
    names=_words(
        "amount netamount paidamount totalamount salesvalue sales revenue spend total "
        "ordertotal totalprice value netsales netfen paid 金额 实付 实付金额 实收 实收金额 "
        "支付金额 付款金额 订单金额 成交金额 消费金额 销售额 总价 总额 betrag umsatz summe "
        "montant importe 金額 売上 금액"
    ),
    parts=_words(
        "amount revenue sales spend total paid value 金额 实付 实收 销售额 总价 betrag umsatz "
        "montant importe 金額 금액"
    ),
    never=_words(
        "disc tax vat cost refund point quantity qty count fee freight 优惠 折扣 税 成本 退款 "
        "积分 运费 数量 date id balance 余额"
    ),
)
QUANTITY = Role(
    Words("the quantity", "数量"),
    "--amount",
    names=_words("quantity qty units 数量 件数 menge cantidad quantite 数"),
)
PRICE = Role(
    Words("the price", "单价"),
    "--amount",
    names=_words("unitprice price 单价 价格 售价 einzelpreis preis precio prix 単価"),
)
CATEGORY = Role(
    Words("the category", "品类"),
    "--category",
)
BASKET = Role(
    Words("the basket", "小票"),
    "--basket",
    names=_words(
        "basketid basket orderid orderno ordernumber order invoiceno invoiceid invoice "
        "transactionid transaction receiptid receipt receiptno ticket billno tid 小票 小票号 "
        "订单号 订单编号 订单 单号 交易号 流水号 bestellnummer pedido commande 注文番号"
    ),
    parts=_words("basket invoice order transactionid receipt 小票 订单 单号"),
    never=_words("date time 日期 时间 amount 金额 status 状态 timestamp"),
)
ITEM = Role(
    Words("the article", "商品"),
    "--item",
    names=_words(
        "item itemid sku skuid stockcode productid product articleid article itemdescription "
        "description goods goodsid barcode ean 商品 商品编码 商品编号 商品名称 商品id 货号 "
        "条码 品名 artikel producto produit 商品名"
    ),
    parts=_words("sku stockcode product item article 商品 货号 品名"),
    never=_words("price count quantity qty category value 数量 单价 类"),
)
PATH = Role(
    Words("the path", "路径"),
    "--path",
    names=_words("path paths channelpath journey route 路径 渠道路径 转化路径 触点路径"),
    parts=_words("path journey 路径"),
)
CONVERSIONS = Role(
    Words("the conversions", "转化数"),
    "--conversions",
    names=_words(
        "totalconversions conversions totalconversion conversion conv orders 转化 转化数 "
        "转化次数 成交数 订单数"
    ),
)
VALUE = Role(
    Words("the conversion value", "转化金额"),
    "--value",
    names=_words(
        "totalconversionvalue conversionvalue value revenue sales 转化金额 成交金额 销售额 金额"
    ),
)
NULLS = Role(
    Words("the journeys without a conversion", "未转化数"),
    "--nulls",
    names=_words("totalnull null nulls totalnulls nonconversions 未转化 未转化数 流失数"),
)
# Where no heading says customer, the first id that is not another thing's is taken.
OTHER_IDS = _words(
    "order invoice basket transaction product sku item store shop row line category brand "
    "session event campaign coupon 订单 商品 门店"
)
