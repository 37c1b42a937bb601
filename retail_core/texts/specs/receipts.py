"""Faults of receipts after the sale, of claiming them later, and of clerks: A155 to A169."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.CLAIM_TOKEN_WRONG: FaultSpec(
        "input",
        422,
        "这不是我们小票上的补登码,请重新扫描小票",
        "this is not a code of one of our receipts; scan the receipt again",
    ),
    FaultCode.CLAIM_NOT_YET: FaultSpec(
        "network",
        409,
        "这张小票还没有到云端,门店可能断网,请稍后再试",
        "the receipt has not arrived yet, its shop may be offline; try again later",
        retryable=True,
    ),
    FaultCode.CLAIM_EXPIRED: FaultSpec(
        "conflict",
        409,
        "小票要在 {days} 天内补登,这张已经过期",
        "a receipt is claimed within {days} days; this one is too old",
    ),
    FaultCode.CLAIM_TAKEN: FaultSpec(
        "conflict",
        409,
        "这张小票已经记过积分,不能再补登",
        "this receipt has been booked to a member already",
    ),
    FaultCode.CLAIM_REFUNDED: FaultSpec(
        "conflict",
        409,
        "这张小票已经全部退货,没有积分可补登",
        "everything of this receipt was returned; nothing is left to claim",
    ),
    FaultCode.CLAIM_OWN_SALE: FaultSpec(
        "auth",
        403,
        "店员不能补登自己收的小票",
        "a clerk cannot claim a sale that she rang up herself",
    ),
    FaultCode.CLAIM_NOTHING: FaultSpec(
        "conflict", 409, "这张小票没有积分", "this receipt earns no points"
    ),
    FaultCode.RECEIPT_ELSEWHERE: FaultSpec(
        "network",
        503,
        "这张小票不是本店的,现在连不上云端,查不到;请联网后再退,或请顾客到原店退",
        "the receipt is another shop's and the cloud cannot be reached to look it up; try again"
        " online, or return it in the shop that sold it",
        retryable=True,
    ),
    FaultCode.TRAINING_ON: FaultSpec(
        "conflict",
        409,
        "这个收银台在练习模式,不能记账;请先退出练习",
        "this lane is in training mode and books nothing; end the training first",
    ),
    FaultCode.TRAINING_ROLE: FaultSpec(
        "auth",
        403,
        "只有店长能切换练习模式",
        "only a store manager may switch the training mode",
    ),
    FaultCode.CLERK_OWN_CARD: FaultSpec(
        "conflict",
        409,
        "店员 {operator} 收的小票记到了她自己的会员上({sales} 笔)",
        "sales of clerk {operator} were booked to the clerk's own membership ({sales})",
    ),
    FaultCode.CLERK_HARVEST: FaultSpec(
        "conflict",
        409,
        "同一天里,店员 {operator} 的 {sales} 笔小票记到同一个会员上",
        "in one day {sales} sales of clerk {operator} were booked to one member",
    ),
    FaultCode.CLERK_KEY_GIVEN: FaultSpec(
        "conflict",
        409,
        "店员 {operator} 给会员换了手机链接或绑了卡,请核实是会员本人要的",
        "clerk {operator} gave a member a new phone link or a card; make sure she asked for it",
    ),
}
