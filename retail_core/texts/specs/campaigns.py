"""Campaigns and their messages: block E from 205."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.CAMPAIGN_INVALID: FaultSpec(
        "input",
        422,
        "活动的「{field}」不能这样写:{reason}",
        "{field} of the campaign cannot be so: {reason}",
    ),
    FaultCode.CAMPAIGN_STATE: FaultSpec(
        "conflict",
        409,
        "这个活动现在是「{state}」,不能这样做;先刷新页面看看",
        "this campaign is {state}: that cannot be done to it now; load the page again",
    ),
    FaultCode.CAMPAIGN_SECOND: FaultSpec(
        "auth",
        403,
        "要另一个人同意:谁写的活动、谁提出开始,谁就不能自己同意",
        "another person has to agree: not who wrote the campaign nor who asked to start it",
    ),
    FaultCode.CAMPAIGN_WORTH: FaultSpec(
        "input",
        422,
        "预算 {budget_fen} 分高于这个人群预计一年毛利可以花的 {bound_fen} 分;减少预算或换人群",
        "the budget of {budget_fen} fen is above the {bound_fen} fen that these people's expected"
        " yearly margin allows; lower it or choose other people",
    ),
    FaultCode.TEMPLATE_INVALID: FaultSpec(
        "input",
        422,
        "消息模板不合要求:{detail};短信要有 brand 这个位置和退订办法,只能用列出的位置",
        "the template will not do: {detail}; an SMS needs the place brand and a way to stop, and"
        " only the places that are listed are there",
    ),
    FaultCode.TEMPLATE_UNAPPROVED: FaultSpec(
        "conflict",
        409,
        "模板「{name}」还没有批准,或者已经停用;批准后再开始",
        "the template {name} is not approved or was ended; have it approved first",
    ),
    FaultCode.CONTACT_INVALID: FaultSpec(
        "input",
        422,
        "这个号码或账号不是这位会员登记的,不能用来接收消息",
        "this number or account is not the one the member is registered by; it takes no messages",
    ),
    FaultCode.MESSAGE_NOT_SENT: FaultSpec(
        "network",
        502,
        "{channel} 服务商没有收下消息:{reason};稍后再试",
        "the provider of {channel} did not take the message: {reason}; it is tried again",
        retryable=True,
    ),
    FaultCode.MESSAGE_REFUSED: FaultSpec(
        "input",
        422,
        "{channel} 服务商拒绝了消息:{reason};不再试",
        "the provider of {channel} refused the message: {reason}; it is not tried again",
    ),
    FaultCode.MESSAGE_RECEIPT_SIGNATURE: FaultSpec(
        "auth",
        401,
        "回执的签名不对或者太旧",
        "the receipt's signature is wrong or too old",
    ),
    FaultCode.MESSAGE_RECEIPT_INVALID: FaultSpec(
        "input",
        422,
        "读不懂回执:{detail}",
        "the receipt cannot be read: {detail}",
    ),
    FaultCode.MESSAGES_OFF: FaultSpec(
        "setup",
        409,
        "还没有设置 {channel} 服务商;写 {setting}",
        "no provider of {channel} is set up; write {setting}",
    ),
    FaultCode.OPT_IN_ROW: FaultSpec(
        "input",
        422,
        "第 {row} 行的「{field}」读不懂;整个文件都没有写入",
        "{field} of row {row} cannot be read; nothing of the file was entered",
    ),
    FaultCode.CALL_UNKNOWN: FaultSpec(
        "conflict",
        409,
        "这条回访已经记过了,或不是她的;不用再做",
        "this call was answered already or is not hers; there is nothing left to do",
    ),
    FaultCode.CALL_PROOF_NEEDED: FaultSpec(
        "auth",
        409,
        "要先认出她才能记回访:请她出示会员码或会员卡,或者认脸",
        "a call is answered while she stands here: recognise her by her code, card or face first",
    ),
}
