"""Faults of baskets and of redeeming at the till: block A13 and A14."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.BASKET_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有这个购物篮,可能已过营业日",
        "there is no such basket; its day may be over",
    ),
    FaultCode.BASKET_ELSEWHERE: FaultSpec(
        "auth", 403, "这个购物篮在别的通道", "this basket belongs to another lane"
    ),
    FaultCode.BASKET_CLOSED: FaultSpec(
        "conflict",
        409,
        "这个购物篮已经结束({state}),请开一个新的",
        "this basket is over ({state}); open a new one",
    ),
    FaultCode.BASKET_PARKED: FaultSpec(
        "conflict", 409, "这个购物篮挂着单,请先取回", "this basket is parked; take it back first"
    ),
    FaultCode.BASKETS_TOO_MANY: FaultSpec(
        "conflict",
        409,
        "这样的购物篮已有 {limit} 个,请先结账或作废几个",
        "there are {limit} such baskets already; finish or drop some first",
    ),
    FaultCode.BASKET_LINE_UNKNOWN: FaultSpec(
        "input", 404, "购物篮里没有第 {line} 行", "the basket has no line {line}"
    ),
    FaultCode.REDEEM_ASSURANCE: FaultSpec(
        "auth",
        403,
        "人脸和手机号不能兑换:请会员出示会员码或刷会员卡",
        "a face or a phone number does not redeem: ask for the member code or card",
    ),
    FaultCode.REDEEM_COUPON: FaultSpec(
        "conflict",
        409,
        "这张券现在用不了:不在有效期、不在她名下,或不在本店",
        "this coupon cannot be used now: out of its days, not hers, or not lent to this store",
    ),
    FaultCode.REDEEM_TRAINING: FaultSpec(
        "input", 409, "练习单不兑换积分和券", "practice sales redeem neither points nor coupons"
    ),
    FaultCode.REDEEM_TENDER: FaultSpec(
        "input",
        422,
        "积分的收和退都由盒子自己记:付款时用兑换来选,退款不用填,不要自己填 points",
        "the box books points itself, paid and given back: they are no tender of the till",
    ),
    FaultCode.PRICE_FALLBACK: FaultSpec(
        "internal",
        500,
        "优惠没能算出来,这一单按货架价",
        "the offers could not be worked out: this basket is at shelf prices",
    ),
    FaultCode.REDEEM_MEMBER: FaultSpec(
        "input", 422, "先认出会员再兑换", "redeeming needs a member first"
    ),
    FaultCode.REDEEM_POINTS_OFF: FaultSpec(
        "input",
        409,
        "本店现在的规则不能用积分付款",
        "the rules in force take no points in payment here",
    ),
}
