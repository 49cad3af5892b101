"""/api/v1/serials: the maker's lists of genuine appliances."""

from flask.typing import ResponseReturnValue

from booking.operations import assets
from faces.api.change_schemas import SerialImportOut
from faces.api.routes import post
from faces.chrome import call

CSV = "text/csv"
FILE_NAME = "api.csv"


@post(
    "/serials",
    tag="serials",
    scope="serials:write",
    takes=CSV,
    gives={201: SerialImportOut()},
)
def import_serials() -> ResponseReturnValue:
    """Take a list in, whole or not at all: CSV in UTF-8 or GBK, its first row 序列号, 型号, 品名,
    质保月数, 保养间隔月数. `faults` of a refusal names each line at fault."""
    raw = call.raw(CSV)
    with call.once() as db:
        taken = assets.import_serials(
            db, raw=raw, file_name=FILE_NAME, by=call.actor(), now=call.now()
        )
        return call.answers(SerialImportOut().dump(taken), 201)
