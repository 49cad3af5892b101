"""What the console's forms about accounts, and the filters of the audit log, may carry."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from faces.chrome.schema import Form, Text
from faces.console.forms import PageQuery
from kernel.actor import CONSOLE_ROLES, Role
from kernel.words import msg

ABOUT_LENGTH_MAX = 60
BRANCHES_MAX, STORES_MAX = 200, 200


class ScopeForm(Form):
    """A role with its branches, a store's people with their stores; no branch stands for all, where
    the role may see all."""

    role = fields.Enum(Role, by_value=True, required=True)
    branches = fields.List(
        fields.Integer(validate=validate.Range(min=1)),
        load_default=list,
        validate=validate.Length(max=BRANCHES_MAX),
    )
    stores = fields.List(
        fields.Integer(validate=validate.Range(min=1)),
        load_default=list,
        validate=validate.Length(max=STORES_MAX),
    )

    @validates_schema
    def check_scope(self, given: dict[str, Any], **_options: Any) -> None:
        if given["role"] not in CONSOLE_ROLES:
            raise ValidationError(msg("这个角色没有控制台账号。"), "role")
        if given["role"] is Role.DISPATCHER and not given["branches"]:
            raise ValidationError(msg("调度员要选至少一个网点。"), "branches")
        if given["role"] is Role.STORE and not given["stores"]:
            raise ValidationError(msg("门店账号要选至少一家门店。"), "stores")


class UserForm(ScopeForm):
    """A new account."""

    login = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\A[a-z][a-z0-9._-]{2,31}\Z",
            error=msg("账号用 3–32 位小写字母、数字、点和横线，字母开头。"),
        ),
    )
    name = Text(most=20, least=1, required=True)


class AuditQuery(PageQuery):
    """Filters of the audit log; both days are included."""

    staff = fields.Integer(load_default=None, validate=validate.Range(min=1))
    action = fields.String(load_default="", validate=validate.Length(max=ABOUT_LENGTH_MAX))
    about = fields.String(load_default="", validate=validate.Length(max=ABOUT_LENGTH_MAX))
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
