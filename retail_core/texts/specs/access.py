"""Faults of the HTTP interfaces: block A."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.API_TOKEN_MISSING: FaultSpec(
        "auth",
        401,
        "请求没有带收银机令牌,请先配对",
        "the request carries no till token; pair the till first",
    ),
    FaultCode.API_TOKEN_WRONG: FaultSpec(
        "auth",
        401,
        "令牌无效或已停用,请重新配对",
        "the token is not valid or was revoked; pair again",
    ),
    FaultCode.HQ_TOKEN_WRONG: FaultSpec(
        "auth",
        401,
        "总部的令牌不对、过期或已停用:网页重新登录;命令和程序换新的"
        "(cloud-broker hq-user --token,合作系统用 api-key create)",
        "the token of HQ is wrong, over or was revoked: sign in again on the page; commands and"
        " programs take a new one (cloud-broker hq-user --token, partners api-key create)",
    ),
    FaultCode.API_ORIGIN_REFUSED: FaultSpec(
        "auth", 403, "来源 {origin} 不在允许名单内", "origin {origin} is not on the allow list"
    ),
    FaultCode.API_HOST_REFUSED: FaultSpec(
        "auth", 403, "主机名 {host} 不在允许名单内", "host {host} is not on the allow list"
    ),
    FaultCode.API_IDEMPOTENCY_KEY_MISSING: FaultSpec(
        "input",
        400,
        "写入请求必须带 Idempotency-Key",
        "a writing request must carry an Idempotency-Key",
    ),
    FaultCode.API_IDEMPOTENCY_KEY_REUSED: FaultSpec(
        "conflict",
        409,
        "同一个 Idempotency-Key 用在了不同的内容上",
        "the Idempotency-Key was used before with another body",
    ),
    FaultCode.API_BODY_INVALID: FaultSpec(
        "input", 422, "请求内容不符合接口:{detail}", "the body does not fit the interface: {detail}"
    ),
    FaultCode.API_NOT_FOUND: FaultSpec("input", 404, "没有找到 {what}", "{what} was not found"),
    FaultCode.API_OPERATOR_LOCKED: FaultSpec(
        "auth",
        423,
        "输错次数过多,{minutes} 分钟后再试",
        "too many wrong entries; try again in {minutes} minutes",
    ),
    FaultCode.API_OPERATOR_PIN_WRONG: FaultSpec(
        "auth", 401, "工号或 PIN 不对", "operator number or PIN is wrong"
    ),
    FaultCode.API_SCOPE_MISSING: FaultSpec(
        "auth", 403, "这个令牌没有 {scope} 这项权限", "this token does not have the scope {scope}"
    ),
    FaultCode.API_RATE_LIMITED: FaultSpec(
        "auth", 429, "请求太快,请稍后再试", "too many requests; slow down", retryable=True
    ),
    FaultCode.API_BODY_TOO_LARGE: FaultSpec(
        "input",
        413,
        "请求内容超过 {limit_bytes} 字节",
        "the body is larger than {limit_bytes} bytes",
    ),
    FaultCode.API_METHOD_NOT_ALLOWED: FaultSpec(
        "input", 405, "这个地址不支持该方法", "this address does not take that method"
    ),
    FaultCode.API_MEDIA_TYPE: FaultSpec(
        "input", 415, "请求内容必须是 application/json", "the body must be application/json"
    ),
    FaultCode.API_OPERATOR_NEEDED: FaultSpec(
        "auth",
        401,
        "请店员先用工号和 PIN 登录",
        "an operator must sign in with number and PIN first",
    ),
    FaultCode.MANAGER_NEEDED: FaultSpec(
        "auth",
        403,
        "这一步要{who}来做:请{who}用自己的工号和 PIN 登录,再做一次",
        "this takes {who}: have one sign in with their own number and PIN, then do it again",
    ),
    FaultCode.API_LOGIN_WRONG: FaultSpec(
        "auth", 401, "用户名或密码不对", "the name or the password is wrong"
    ),
    FaultCode.PHONE_SIGNATURE: FaultSpec(
        "auth", 401, "手机的签名不对", "the phone's signature does not hold"
    ),
    FaultCode.PHONE_CLOCK: FaultSpec(
        "auth",
        401,
        "手机的时间和云端差得太多,已按云端时间重试",
        "the phone's clock is too far off; it tries again with the cloud's time",
        retryable=True,
    ),
    FaultCode.PHONE_REPLAYED: FaultSpec(
        "auth", 401, "这个请求已经用过了", "this request was used before"
    ),
    FaultCode.PHONE_REVOKED: FaultSpec(
        "auth",
        401,
        "这部手机已不再是您的会员手机,请在店里重新绑定",
        "this phone no longer speaks for a member; bind it again in a shop",
    ),
    FaultCode.API_INTERNAL: FaultSpec(
        "internal", 500, "内部故障,已记录编号 {ref}", "internal fault, recorded as {ref}"
    ),
    FaultCode.USER_PLACE_WRONG: FaultSpec(
        "input",
        422,
        "角色 {role} 的范围不对:大区的人选大区,门店的人选门店,总部的人不选",
        "the place does not fit role {role}: a region's people have a region, a store's a store,"
        " HQ's none",
    ),
    FaultCode.USER_LAST_ADMIN: FaultSpec(
        "conflict",
        409,
        "这是最后一个总部管理员:先让别人成为管理员",
        "this is the last administrator: make somebody else one first",
    ),
    FaultCode.USER_SELF: FaultSpec(
        "conflict",
        409,
        "不能停用自己的账号:请另一位管理员来做",
        "nobody disables their own account: ask another administrator",
    ),
}
