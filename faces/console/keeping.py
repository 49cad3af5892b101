"""What a branch keeps for the members with a tag, as the pages of who books and who rules say it."""

from typing import Any

from dispatch import queries
from faces.chrome.filters import gettext, second_text
from kernel.db import Session
from members import tag_queries


def shown(db: Session, branch_id: int) -> dict[str, Any]:
    """Return what is kept in words, None for nothing, and what can be chosen: windows and tags."""
    branch = queries.branch(db, branch_id)
    names = {str(row.id): row.name for row in tag_queries.tags(db)}
    words = {f"{a}-{b}": f"{second_text(a)}–{second_text(b)}" for a, b in branch.windows}
    chosen = [f"{a}-{b}" for a, b in branch.kept_windows or ()]
    tag = str(branch.kept_tag_id or 0)
    said = gettext(
        "%(windows)s 留给带「%(tag)s」标签的会员；别的会员开始前 %(hours)s 小时起才看得到、约得上。",
        windows=gettext("、").join(words.get(each, each) for each in chosen),
        tag=names.get(tag, ""),
        hours=branch.kept_hours,
    )
    return {
        "said": said if branch.keeping else None,
        "windows": list(words.items()),
        "chosen": chosen,
        "tags": [("0", gettext("不保留")), *names.items()],
        "tag": tag,
        "hours": branch.kept_hours or 24,
    }
