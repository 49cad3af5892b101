"""/api/v1/services: what can be booked."""

from flask.typing import ResponseReturnValue

from booking import queries
from faces.api.routes import STAFF, get
from faces.api.schemas import ServiceOut
from faces.chrome import call
from kernel.db import transaction


@get("/services", tag="catalogue", scope="services:read", gives=ServiceOut(many=True), roles=STAFF)
def services() -> ResponseReturnValue:
    """List the services on sale, each with its price card."""
    with transaction(reads_only=True) as db:
        return call.answers(ServiceOut(many=True).dump(queries.services(db)))
