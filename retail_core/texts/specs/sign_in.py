"""Texts of faults: signing in to HQ by the company's own accounts (OpenID Connect)."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.OIDC_UNREACHABLE: FaultSpec(
        "network",
        502,
        "公司的登录服务现在答不上来({reason}),稍后再试;急用时请应急账号登录",
        "the company's sign-in service does not answer ({reason}): try again, or use the"
        " break-glass account",
        retryable=True,
    ),
    FaultCode.OIDC_STATE: FaultSpec(
        "auth",
        401,
        "这次登录不是从这个浏览器开始的,或已过十分钟,请重新登录",
        "this sign-in was not begun in this browser, or more than ten minutes ago: begin again",
    ),
    FaultCode.OIDC_REFUSED: FaultSpec(
        "auth",
        401,
        "公司的登录服务没有放行:{reason}",
        "the company's sign-in service did not let you in: {reason}",
    ),
    FaultCode.OIDC_ISSUER: FaultSpec(
        "auth",
        401,
        "登录凭证不是设置里的那个登录服务发的",
        "the token was not issued by the service that is set",
    ),
    FaultCode.OIDC_AUDIENCE: FaultSpec(
        "auth", 401, "登录凭证是发给别的程序的", "the token was issued to another program"
    ),
    FaultCode.OIDC_NONCE: FaultSpec(
        "auth",
        401,
        "登录凭证不属于这一次登录,请重新登录",
        "the token does not belong to this sign-in: begin again",
    ),
    FaultCode.OIDC_EXPIRED: FaultSpec(
        "auth",
        401,
        "登录凭证已过期,或两边的时钟差得太多",
        "the token has expired, or the two clocks differ by too much",
    ),
    FaultCode.OIDC_ALGORITHM: FaultSpec(
        "auth",
        401,
        "登录凭证的签名算法 {alg} 不收",
        "the token is signed by an algorithm that is not taken: {alg}",
    ),
    FaultCode.OIDC_SIGNATURE: FaultSpec(
        "auth", 401, "登录凭证的签名不对", "the token's signature is wrong"
    ),
    FaultCode.OIDC_TOKEN_WRONG: FaultSpec(
        "auth",
        401,
        "登录服务给的回答读不懂:{reason}",
        "the sign-in service's answer cannot be read: {reason}",
    ),
    FaultCode.OIDC_STRANGER: FaultSpec(
        "auth",
        403,
        "您的公司账号没有对应的总部账号,请管理员用 cloud-broker hq-link 对应",
        "no account of HQ belongs to your company account: an administrator links it with"
        " cloud-broker hq-link",
    ),
    FaultCode.OIDC_LOCAL_OFF: FaultSpec(
        "auth",
        403,
        "密码登录已停用,请用公司账号登录",
        "signing in by password is switched off: use the company's account",
    ),
}
