"""What every answer carries: the content policy and its companions."""

from flask import Flask, Response, request

from faces.chrome import call
from kernel.settings import Settings

# What WeChat draws its open tags with, such as <wx-open-subscribe>, as its own guide asks
# (developers.weixin.qq.com/doc/service/guide/h5/opentag.html).
OPEN_TAG_FRAMES = "https://*.qq.com webcompt:"


def register(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer."""
    policy = content_policy(settings)

    def dress(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if call.settings().public_base.startswith("https:"):
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static":
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    app.after_request(dress)


def content_policy(settings: Settings) -> str:
    """Return the Content-Security-Policy: nothing inline, nothing evaluated, only our own hosts, and
    frames of nobody but WeChat."""
    jssdk = settings.wechat_jssdk_url.rsplit("/", 1)[0] + "/"
    tiles = f" {_origin(settings.map_tiles_url)}" if settings.map_tiles_url else ""
    frames = settings.sandbox_base if settings.is_demo and settings.sandbox_base else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {jssdk}",
            "style-src 'self'",
            f"img-src 'self' data: blob:{tiles}",
            "font-src 'self' data:",
            "connect-src 'self'",
            f"frame-src {OPEN_TAG_FRAMES}",
            f"form-action 'self' {settings.wechat_open_base}",
            "base-uri 'none'",
            f"frame-ancestors {frames}",
        )
    )


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3]).replace("{s}", "*")
