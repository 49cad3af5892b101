"""On which databases a journey runs.

A face asks operations and shows what they answer; what they do is tested below the faces, on both
databases. So a journey runs on SQLite, unless its story is what the databases could tell apart: two
hands at once, a key used again, one whole life from the first page to the last. Those are @BOTH.
"""

import pytest

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
