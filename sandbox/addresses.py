"""Addresses as a phone opens them: each phone has a host of its own, so that cookies stay apart."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.oauth import phone_of_host
from sandbox.settings import Account, is_local


def for_phone(url: str, *, phone_id: str, account: Account) -> str:
    """Return `url` on the phone's own host, when it is one of the account's pages.

    An authorisation address has the page it returns to moved likewise. Others stay as they are.
    """
    parts = urlsplit(url)
    if parts.path == "/connect/oauth2/authorize":
        query = [
            (
                key,
                _moved(value, phone_id=phone_id, account=account)
                if key == "redirect_uri"
                else value,
            )
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        return urlunsplit(parts._replace(query=urlencode(query)))
    return _moved(url, phone_id=phone_id, account=account)


def page_hosts(account: Account) -> list[str]:
    """Return the origins of the account's pages, as a content security policy writes them."""
    parts = urlsplit(account.web_base)
    own = f"{parts.scheme}://{parts.netloc}"
    if not _has_phone_hosts(parts.hostname or ""):
        return [own]
    return [own, f"{parts.scheme}://*.{parts.netloc}"]


def home_host(account: Account) -> str:
    """Return the host name under which browsers should open the sandbox, or nothing."""
    own_host = urlsplit(account.web_base).hostname or ""
    return f"sandbox.{own_host}" if _has_phone_hosts(own_host) else ""


def _moved(url: str, *, phone_id: str, account: Account) -> str:
    parts, own = urlsplit(url), urlsplit(account.web_base)
    own_host = own.hostname or ""
    if not _has_phone_hosts(own_host) or not _is_page_host(parts.hostname or "", own_host=own_host):
        return url
    if parts.port != own.port:
        return url
    return urlunsplit(parts._replace(netloc=f"{phone_id}.{own.netloc}"))


def _is_page_host(host: str, *, own_host: str) -> bool:
    if host == own_host:
        return True
    return bool(phone_of_host(host)) and host.endswith("." + own_host)


def _has_phone_hosts(host: str) -> bool:
    """Names can have names below them, numbers cannot."""
    return is_local(host) and host.endswith("localhost")
