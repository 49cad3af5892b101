"""What WeChat Pay answers when it refuses: status, code, its words, and a sentence for the log."""

from dataclasses import dataclass

from kernel.words import msg


@dataclass(frozen=True, slots=True)
class Meaning:
    """The documented status and words of a code, and what a reader of the log should know."""

    status: int
    message: str
    explained: str


MEANINGS: dict[str, Meaning] = {
    "SIGN_ERROR": Meaning(401, "签名错误", msg("签名没有通过：检查商户私钥、序列号和签名串。")),
    "PARAM_ERROR": Meaning(400, "参数错误", msg("参数不对。永久失败，要改请求。")),
    "INVALID_REQUEST": Meaning(
        400, "请求不符合接口规则", msg("与规则或与之前的请求不符。永久失败，不要照原样重试。")
    ),
    "APPID_MCHID_NOT_MATCH": Meaning(
        400, "AppID和mch_id不匹配", msg("AppID 没有和这个商户号绑定，请检查配置。")
    ),
    "MCH_NOT_EXISTS": Meaning(400, "商户号不存在", msg("正文里的 mchid 不是本商户，请检查配置。")),
    "OPENID_MISMATCH": Meaning(500, "openid和appid不匹配", msg("这个 openid 不是本账号的用户。")),
    "OUT_TRADE_NO_USED": Meaning(
        403, "商户订单号重复", msg("同一 out_trade_no 再次下单，参数必须和第一次完全一样。")
    ),
    "ORDERPAID": Meaning(400, "该订单已支付", msg("订单已经付过了，请查询订单。")),
    "ORDER_CLOSED": Meaning(400, "该订单已关闭", msg("订单已关闭，请换新的 out_trade_no。")),
    "ORDER_NOT_EXIST": Meaning(404, "订单不存在", msg("没有用这个号下过单。")),
    "RESOURCE_NOT_EXISTS": Meaning(404, "资源不存在", msg("没有这笔订单或退款。")),
    "NO_STATEMENT_EXIST": Meaning(
        400, "账单文件不存在", msg("账单次日 9 点后才有；当天没有交易，就一直没有账单。")
    ),
    "SYSTEM_ERROR": Meaning(
        500, "系统异常，请稍后重试", msg("系统繁忙。用相同参数重试，同一单号不会做两次。")
    ),
}


class PayRefusal(Exception):
    """WeChat Pay says no. `rule` is the sentence that the log shows beside the refusal."""

    def __init__(self, code: str, *, message: str = "", rule: str = "") -> None:
        meaning = MEANINGS[code]
        self.code = code
        self.status = meaning.status
        self.message = message or meaning.message
        self.rule = rule or meaning.explained
        super().__init__(f"{code} {self.message}")

    def answer(self) -> dict[str, str]:
        """Return the JSON object that WeChat Pay would send."""
        return {"code": self.code, "message": self.message}
