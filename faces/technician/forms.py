"""What a technician's forms may hold."""

import unicodedata
from typing import Any

from marshmallow import ValidationError, fields, validate

from faces.chrome.filters import gettext
from faces.chrome.schema import Form

TODAY, VISIT = "today", "visit"
CODE_DIGITS = 4


class CodeField(fields.Field[str]):
    """The four digits of a 服务码, as keypads and people type them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_options: Any) -> str:
        del attr, data
        code = unicodedata.normalize("NFKC", str(value)).replace(" ", "")
        if not (code.isascii() and code.isdigit() and len(code) == CODE_DIGITS):
            raise ValidationError(gettext("服务码是 4 位数字，请业主再报一次。"))
        return code


class ActForm(Form):
    """A press; `on` says on which screen the hand rests."""

    on = fields.String(load_default=VISIT, validate=validate.OneOf([TODAY, VISIT]))


class CodeForm(ActForm):
    """The service code, typed at the door."""

    code = CodeField(required=True)
