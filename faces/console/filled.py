"""What was typed and is wrong: the sentence at its field, and the form once more."""

from flask import request

from faces.chrome.errors import sentence_of
from kernel.errors import Refusal

# Where a refusal that names no field of the form is said.
WHOLE = "form"
STATUS = 422


def errors_of(refusal: Refusal, *names: str) -> dict[str, str]:
    """Return the sentence under the field at fault; at the form's head when that is none of `names`."""
    field = refusal.field if refusal.field in names else WHOLE
    return {field or WHOLE: sentence_of(refusal)}


def typed(*names: str) -> dict[str, str]:
    """Return what was sent for those fields, as it was typed."""
    return {name: request.form.get(name, "") for name in names}
