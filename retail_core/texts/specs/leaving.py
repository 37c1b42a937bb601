"""Faults of leaving, of erasing a person and of signing in by phone: block E from 111."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.PHONE_CODE_WRONG: FaultSpec(
        "input",
        422,
        "验证码不对,还可以试 {left} 次",
        "the code is wrong; {left} more tries",
    ),
    FaultCode.PHONE_CODE_OVER: FaultSpec(
        "input",
        422,
        "验证码不对或已过期,请重新获取",
        "the code is wrong or has expired; ask for another one",
    ),
    FaultCode.LEAVING_TWICE: FaultSpec(
        "conflict",
        409,
        "这位会员的注销已在办理",
        "this member is leaving already",
    ),
    FaultCode.LEAVING_STATE: FaultSpec(
        "conflict",
        409,
        "这次注销现在是「{state}」,办不了这一步",
        "this request to leave is {state} now; this cannot be done with it",
    ),
    FaultCode.LEAVING_SECOND: FaultSpec(
        "auth",
        403,
        "提出注销的人不能自己同意,要另一个人",
        "whoever asked for it cannot agree to it; it takes a second person",
    ),
    FaultCode.ERASURE_WAITS: FaultSpec(
        "conflict",
        409,
        "{stores} 家门店的盒子还没有听到她已退出;听到之后再删,最多等 {days} 天",
        "boxes of {stores} shops have yet to hear that she has left; it is erased when they have,"
        " after {days} days at the latest",
        retryable=True,
    ),
    FaultCode.ERASURE_RESIDUE: FaultSpec(
        "internal",
        500,
        "删除之后还能在 {places} 找到她",
        "after the erasure she is still found in {places}",
    ),
    FaultCode.CERTIFICATE_UNTRUE: FaultSpec(
        "input",
        422,
        "删除证明不完整,或签名不对",
        "the certificate of erasure is incomplete or its signature is wrong",
    ),
    FaultCode.CERTIFICATE_NOT_KEPT: FaultSpec(
        "storage",
        500,
        "删除证明没能写到数据库旁边的目录({reason});恢复备份之后要靠它再删一次",
        "the certificate of erasure could not be written beside the database ({reason}); a restore"
        " needs it to erase again",
        retryable=True,
    ),
    FaultCode.WECHAT_OFF: FaultSpec(
        "setup",
        409,
        "没有设置微信绑定",
        "binding WeChat is not set up",
    ),
    FaultCode.WECHAT_REFUSED: FaultSpec(
        "network",
        502,
        "微信没有确认:{why};请再试一次",
        "no confirmation by WeChat: {why}; try again",
        retryable=True,
    ),
}
