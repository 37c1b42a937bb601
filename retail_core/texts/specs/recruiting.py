"""Faults of recruiting members and of codes by SMS: M145 to M159."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.RECRUIT_PHONE: FaultSpec(
        "input",
        422,
        "这不是手机号:大陆手机 11 位、以 1 开头;境外号码请以 + 和国家代码开头",
        "this is no mobile number: 11 digits beginning with 1, or + and the country code abroad",
    ),
    FaultCode.RECRUIT_CONSENT_TEXT: FaultSpec(
        "conflict",
        409,
        "顾客看到的告知书已不是现行版本,请重新出示(现行 {version})",
        "the text the customer saw is not the one in force; show it again (now {version})",
    ),
    FaultCode.SMS_OFFLINE: FaultSpec(
        "network",
        503,
        "门店没有联网,发不了短信:可以积分、享会员价;用积分或券请出示会员码或会员卡",
        "no line, so no SMS: points and member prices work; to spend, show the code or the card",
        retryable=True,
    ),
    FaultCode.SMS_PHONE_OTHER: FaultSpec(
        "input",
        422,
        "这个手机号不是该会员登记的号码",
        "this is not the number that the member is registered with",
    ),
    FaultCode.SMS_TOO_OFTEN: FaultSpec(
        "auth",
        429,
        "验证码发得太频繁,请 {seconds} 秒后再试",
        "too many codes; try again in {seconds} seconds",
    ),
    FaultCode.SMS_NOT_SENT: FaultSpec(
        "network",
        502,
        "短信服务商没有接受这条短信,请稍后再试",
        "the SMS provider did not take the message; try again in a moment",
        retryable=True,
    ),
    FaultCode.SMS_OFF: FaultSpec(
        "setup",
        409,
        "总部没有开通短信:请用会员码或会员卡",
        "codes by SMS are not set up by HQ: use the member code or the card",
    ),
    FaultCode.SMS_CODE_WRONG: FaultSpec(
        "auth",
        401,
        "验证码不对,还可以试 {left} 次",
        "the code is wrong; {left} tries left",
    ),
    FaultCode.SMS_CODE_OVER: FaultSpec(
        "auth",
        401,
        "验证码已失效,请重新发送",
        "the code is no longer valid; send a new one",
    ),
    FaultCode.SMS_MEMBER_UNCONFIRMED: FaultSpec(
        "conflict",
        409,
        "总部还没收到这位会员的登记,请等几秒再发",
        "head office has not received this member yet; wait a few seconds",
        retryable=True,
    ),
    FaultCode.SMS_PHONE_NEEDED: FaultSpec(
        "input",
        422,
        "请再输入一次顾客的手机号:盒子不保存号码",
        "type the customer's number again: the box does not keep it",
    ),
    FaultCode.PERSONS_FILTER_WRONG: FaultSpec(
        "input",
        422,
        "收到的会员名单摘要不完整,继续用旧的",
        "the summary of known persons arrived damaged; the one before stays in use",
        retryable=True,
    ),
}
