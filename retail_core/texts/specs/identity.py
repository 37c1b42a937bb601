"""Who is one person: evidence, its search and what people decide."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.IDENTITY_LINK_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有这条证据,或它已经撤回",
        "there is no such evidence, or it was taken back already",
    ),
    FaultCode.IDENTITY_LINK_STANDS: FaultSpec(
        "input",
        409,
        "这两个名字您已经说过了:先撤回那一条",
        "you said that of these two names already: take that back first",
    ),
    FaultCode.IDENTITY_NAME: FaultSpec(
        "input",
        422,
        "看不懂的名字 {name}:写成 种类:值,例如 member:会员编号",
        "{name} is no name: write KIND:VALUE, for example member:ID",
    ),
    FaultCode.IDENTITY_DECIDED: FaultSpec(
        "input",
        409,
        "这一对已经由 {who} 决定过了",
        "{who} decided on this pair already",
    ),
    FaultCode.IDENTITY_SEARCH: FaultSpec(
        "storage",
        500,
        "查找可能是同一个人的会员没有成功:{why};今晚会再试",
        "the search for who may be one person failed: {why}; it is tried again tonight",
        retryable=True,
    ),
    FaultCode.IDENTITY_BUSY: FaultSpec(
        "input",
        409,
        "已经有一次查找在等着或在跑",
        "a search is asked for or running already",
    ),
    FaultCode.IDENTITY_REASON: FaultSpec(
        "input",
        422,
        "要写明原因",
        "a reason is wanted",
    ),
    FaultCode.IDENTITY_PERSON: FaultSpec(
        "input",
        404,
        "没有这位会员",
        "there is no such member",
    ),
    FaultCode.IDENTITY_ROLE: FaultSpec(
        "auth",
        403,
        "角色 {role} 不能决定谁是同一个人",
        "the role {role} may not decide who is one person",
    ),
}
