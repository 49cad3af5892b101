"""/api/v1/goods: where each item is, as the warehouse and its ERP tell it."""

from flask.typing import ResponseReturnValue

from booking import goods_queries, queries
from booking.operations import goods
from faces.api.change_schemas import GoodsExpectedIn, GoodsOut, GoodsQuery, GoodsStateIn
from faces.api.routes import get, post
from faces.chrome import call
from kernel.db import transaction

TAG = "goods"
WRITE, READ = "goods:write", "goods:read"


@get("/goods", tag=TAG, scope=READ, asks=GoodsQuery, gives=GoodsOut(many=True))
def goods_of_order() -> ResponseReturnValue:
    """List the items that the ERP knows by an order."""
    order = call.query(GoodsQuery())["order"].upper()
    with transaction(reads_only=True) as db:
        found = goods_queries.items_of_order(db, order_number=order, by=call.actor())
        return call.answers(GoodsOut(many=True).dump(found))


@get("/bookings/<number>/goods", tag=TAG, scope=READ, gives=GoodsOut(many=True), refuses=(404,))
def goods_of_booking(number: str) -> ResponseReturnValue:
    """List what a booking brings and takes along."""
    with transaction(reads_only=True) as db:
        found = queries.booking(db, number=number, by=call.actor())
        return call.answers(GoodsOut(many=True).dump(goods_queries.items_of(db, found.id)))


@post(
    "/goods/<number>/state",
    tag=TAG,
    scope=WRITE,
    takes=GoodsStateIn,
    gives={200: GoodsOut()},
    refuses=(404, 409),
)
def heed_notice(number: str) -> ResponseReturnValue:
    """Say where an item is. What lies behind what we know already changes nothing."""
    state = call.body(GoodsStateIn())["state"]
    with call.once() as db:
        item = goods.heed_notice(
            db, item_number=number, state=state, by=call.actor(), now=call.now()
        )
        return call.answers(GoodsOut().dump(item))


@post(
    "/goods/<number>/expected",
    tag=TAG,
    scope=WRITE,
    takes=GoodsExpectedIn,
    gives={200: GoodsOut()},
    refuses=(404, 409),
)
def expect_item(number: str) -> ResponseReturnValue:
    """Say when the warehouse expects an item; the member of a visit it misses is asked first."""
    expected_at = call.body(GoodsExpectedIn())["expected_at"]
    with call.once() as db:
        item = goods.set_expected(
            db, item_number=number, expected_at=expected_at, by=call.actor(), now=call.now()
        )
        return call.answers(GoodsOut().dump(item))
