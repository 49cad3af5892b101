"""The blueprint of WeChat's side doors."""

from flask import Blueprint

blueprint = Blueprint("wechat", __name__)
