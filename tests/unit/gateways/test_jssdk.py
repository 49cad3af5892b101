"""The proof of a page, against the example in WeChat's documentation."""

from gateways.wechat.jssdk import prove_page

TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"


def prove(url: str) -> str:
    return prove_page(
        url, appid="wx1", ticket=TICKET, nonce="Wm3WZYTPz0wzccnW", now_s=1414587457.9
    ).signature


def test_the_signature_is_the_documented_one() -> None:
    assert prove("http://mp.weixin.qq.com?params=value") == (
        "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    )


def test_the_fragment_does_not_count_and_the_query_does() -> None:
    assert prove("http://door/t/?a=1#top") == prove("http://door/t/?a=1")
    assert prove("http://door/t/?a=1") != prove("http://door/t/?a=2")
