"""What every template may use without asking its view."""

from flask import Flask

from faces.chrome import call
from faces.chrome.sign_in import csrf_token
from kernel.clock import SHANGHAI

CARE_COOKIE = "care"


def register(app: Flask) -> None:
    """Give the templates the csrf token, the server's clock and the switches of the reader."""
    app.context_processor(_shared)


def _shared() -> dict[str, object]:
    settings = call.settings()
    return {
        "csrf_token": csrf_token(),
        "server_now": call.now().astimezone(SHANGHAI).isoformat(),
        "sandbox_origin": settings.sandbox_base if settings.is_demo else "",
        "care": call.cookie(CARE_COOKIE) == "on",
        "map_tiles_url": settings.map_tiles_url,
        "jssdk_url": settings.wechat_jssdk_url,
    }
