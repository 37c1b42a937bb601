"""Codes that pay: whoever sees one hands it on at once and forgets it.

WeChat Pay: 18 digits beginning 10-15. Alipay: 16 to 24 digits beginning 25-30. UnionPay: 19 digits
beginning 62. They live for a minute, and whoever has one can spend with it.
"""

_WECHAT_DIGITS = 18
_ALIPAY_DIGITS = range(16, 25)
_UNIONPAY_DIGITS = 19
_WECHAT = frozenset({"10", "11", "12", "13", "14", "15"})
_ALIPAY = frozenset({"25", "26", "27", "28", "29", "30"})
_UNIONPAY = "62"
PREFIXES = _WECHAT | _ALIPAY | {_UNIONPAY}
_DIGITS_MAX = dict.fromkeys(_WECHAT, _WECHAT_DIGITS) | dict.fromkeys(_ALIPAY, _ALIPAY_DIGITS[-1])
_DIGITS_MAX[_UNIONPAY] = _UNIONPAY_DIGITS


def is_payment_code(text: str) -> bool:
    """Tell whether a text is a payment code as a phone shows it."""
    if not (text.isascii() and text.isdecimal()):
        return False
    digits, begin = len(text), text[:2]
    return (
        (digits == _WECHAT_DIGITS and begin in _WECHAT)
        or (digits in _ALIPAY_DIGITS and begin in _ALIPAY)
        or (digits == _UNIONPAY_DIGITS and begin == _UNIONPAY)
    )


def begins_payment_code(text: str) -> bool:
    """Tell whether more digits behind this text could make it a payment code, or a longer one."""
    return (
        text.isascii()
        and text.isdecimal()
        and any(
            len(text) < digits and (text.startswith(prefix) or prefix.startswith(text))
            for prefix, digits in _DIGITS_MAX.items()
        )
    )
