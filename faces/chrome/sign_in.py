"""Sign-in: the cookie, the session it opens, who may see which view, and forged requests."""

import functools
import hmac
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from dispatch import queries as dispatch
from faces.chrome import call, once
from faces.chrome.once import SAFE_METHODS
from faces.chrome.paths import came_from
from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import Forbidden
from kernel.words import msg
from members import queries as members
from members.operations import entering, sign_ins
from members.operations.sign_ins import Opened

COOKIE = "__Host-sign_in"
TRIP_COOKIE = "__Host-trip"
COOKIE_DAYS = 90
# Called by programs with a token; no browser is signed in there.
API = "/api/"
PHONE_ROLES = {Role.MEMBER, Role.TECHNICIAN}

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class ForgedRequest(Forbidden):
    """The request did not come from one of our pages."""

    code = "csrf"
    says = msg("页面已过期，请刷新后再试。")


class NotSignedIn(Forbidden):
    """Nobody is signed in, or not as somebody who may see this."""

    code = "not_signed_in"
    says = msg("请先登录。")


class ProofNeeded(Forbidden):
    """What he wants is grave, and he came in a while ago."""

    code = "proof_needed"
    says = msg("这一步很重要，请先再验证一次是您本人。")


def register(app: Flask) -> None:
    """Read the cookie before each request and refuse forged ones."""
    app.before_request(_who)
    app.before_request(_refuse_forged)


def signed_in(*roles: Role) -> Callable[[View], View]:
    """Let only those roles in. A member or technician who is not signed in goes to WeChat's sign-in,
    staff to the console's."""

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **options: Any) -> ResponseReturnValue:
            if g.actor is not None and g.actor.role in roles:
                return once.guarded(view, *args, **options)
            if g.actor is not None and not (g.actor.role in PHONE_ROLES and PHONE_ROLES & {*roles}):
                raise Forbidden
            # One phone may be a member's and a technician's: it signs in again as the other.
            return _to_sign_in(roles)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]  # read by the house's tests
        return cast(View, guarded)

    return guard


def proved_lately(view: View) -> View:
    """Let somebody do what is grave only when he proved who he is a short while ago; staff are asked
    again for password and code, a phone goes to WeChat once more. Wear it under `signed_in`."""

    @functools.wraps(view)
    def guarded(*args: Any, **options: Any) -> ResponseReturnValue:
        if entering.is_proved(g.sign_in, now=call.true_now()):
            return view(*args, **options)
        if request.headers.get("HX-Request") or call.wants_json():
            raise ProofNeeded
        is_read = request.method in SAFE_METHODS
        path = request.full_path.rstrip("?") if is_read else came_from()
        if g.actor.role in PHONE_ROLES:
            return redirect(url_for("wechat.start", next=path, role=g.actor.role.value), 303)
        return redirect(url_for("console_sign_in.prove", next=path), 303)

    return cast(View, guarded)


def public(view: View) -> View:
    """Mark a view that needs nobody to be signed in."""
    view.roles = None  # type: ignore[attr-defined]  # read by the house's tests
    return view


def set_cookie(answer: BaseResponse, opened: Opened) -> None:
    """Hand the session to the browser."""
    answer.set_cookie(
        COOKIE,
        opened.token,
        max_age=COOKIE_DAYS * 86_400,
        secure=True,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(answer: BaseResponse) -> None:
    """Take the session back."""
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")


def csrf_token() -> str:
    """Return the token that forms and htmx send back; empty when nobody is signed in."""
    return cast(str, g.get("csrf_token", ""))


def _who() -> None:
    g.actor, g.sign_in_token, g.scopes = None, request.cookies.get(COOKIE, ""), frozenset()
    g.sign_in, g.csrf_token = None, ""
    if request.path.startswith(API):
        _which_program()
        return
    if not g.sign_in_token or request.path.startswith("/static/"):
        return
    with transaction(reads_only=True) as db:
        row = members.sign_in(db, token=g.sign_in_token, now=call.true_now())
        if row is None:
            return
        g.sign_in, g.csrf_token = row, row.csrf_token
        if row.stage != sign_ins.OPEN:
            # He has not come in yet: only the pages of coming in know him.
            return
        g.actor = _actor(db, row.role, row.subject_id)
        is_stale = (call.true_now() - row.seen_at).total_seconds() > 60
    if is_stale:
        with transaction() as db:
            sign_ins.keep_alive(db, token=g.sign_in_token, now=call.true_now())


def _which_program() -> None:
    """Read the token of the API: a cookie is nothing there, so no page can make a browser call it."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return
    with transaction(reads_only=True) as db:
        found = members.api_client(db, token=token.strip())
        if found is not None:
            client, account = found
            g.staff_name = account.name
            g.actor = Actor(account.id, account.role, frozenset(account.branch_ids))
            g.scopes = frozenset(client.scopes)


def _actor(db: Any, role: Role, subject_id: int) -> Actor | None:
    if role is Role.MEMBER:
        return Actor(subject_id, role)
    if role is Role.TECHNICIAN:
        technician = dispatch.technician(db, subject_id)
        if technician.disabled_at is not None:
            return None
        return Actor(subject_id, role, frozenset({technician.branch_id}))
    staff = members.staff(db, subject_id)
    if staff is None or staff.disabled_at is not None:
        return None
    g.staff_name = staff.name
    return Actor(
        staff.id, staff.role, frozenset(staff.branch_ids), frozenset(staff.store_ids or ())
    )


def _to_sign_in(roles: tuple[Role, ...]) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Refresh": "true"})
    if request.method not in SAFE_METHODS or call.wants_json():
        raise NotSignedIn
    path = request.full_path.rstrip("?")
    if Role.MEMBER in roles or Role.TECHNICIAN in roles:
        wants = "technician" if Role.TECHNICIAN in roles else "member"
        return redirect(url_for("wechat.start", next=path, role=wants))
    return redirect(url_for("console_sign_in.page", next=path))


def _refuse_forged() -> None:
    is_api = request.path.startswith(API)
    if request.method in SAFE_METHODS or is_api or request.endpoint in FORGERY_EXEMPT:
        return
    if not _from_our_page(request):
        raise ForgedRequest
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if csrf_token() and not hmac.compare_digest(sent.encode(), csrf_token().encode()):
        raise ForgedRequest


def _from_our_page(made: Request) -> bool:
    site = made.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = made.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == made.host


# Called by other programs, each with a signature or key of its own.
FORGERY_EXEMPT = {"wechat.callback", "wechat.pay_notice", "demo_clock.move"}
