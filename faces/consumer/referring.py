"""/c/refer: the member's referral card, and how far those came whom it brought."""

from flask import render_template
from flask.typing import ResponseReturnValue

from booking import queries as booking
from booking.states import SERVED
from faces.chrome import call, qr
from faces.chrome.once import repeatable
from faces.chrome.sign_in import signed_in
from faces.consumer.confirm import NothingForm
from faces.consumer.routes import blueprint
from gateways.wechat.errors import WeChatError
from kernel.actor import Role
from kernel.db import transaction
from members import queries, referral_queries
from members.referring import scene_of

# WeChat's longest for a code that expires.
CARD_S = 30 * 86_400


@blueprint.get("/refer")
@signed_in(Role.MEMBER)
def refer() -> ResponseReturnValue:
    """Show whom the card brought, and what it gave."""
    return _page()


@blueprint.post("/refer")
@signed_in(Role.MEMBER)
@repeatable("WeChat gives a code for the same scene each time")
def refer_card() -> ResponseReturnValue:
    """Show the card with its code."""
    call.form(NothingForm())
    with transaction(reads_only=True) as db:
        scene = scene_of(queries.member(db, call.actor().id).number)
    try:
        picture = qr.picture(qr.wechat().create_qr(scene=scene, seconds=CARD_S).url)
    except WeChatError:
        return _page(failed=True)
    return _page(picture=picture)


def _page(*, picture: str = "", failed: bool = False) -> str:
    with transaction(reads_only=True) as db:
        member = queries.member(db, call.actor().id)
        rules = booking.rules_of_member(db, member.id)
        friends = referral_queries.friends_of(db, member)
        given = referral_queries.rewarded_at(db, [friend.id for friend in friends])
        served = {
            friend.id: any(one.state in SERVED for one in booking.bookings_of(db, friend.id))
            for friend in friends
        }
    return render_template(
        "consumer/refer.html",
        picture=picture,
        failed=failed,
        friends=friends,
        given=given,
        served=served,
        rules=rules,
    )
