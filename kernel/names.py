"""People's names as they are called."""

# Surnames of two characters that are met in practice, parted by blanks; every other one has one.
_DOUBLE = (
    " 欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 端木 宇文 长孙 南宫 百里 独孤"
    " 轩辕 闻人 澹台 公冶 太史 申屠 濮阳 淳于 单于 钟离 呼延 万俟 赫连 拓跋 第五 西门 "
)


def surname_of(name: str) -> str:
    """Return the surname of a full name: 王 of 王建国, 欧阳 of 欧阳娜; "" of no name."""
    plain = name.strip()
    is_double = len(plain) > 2 and f" {plain[:2]} " in _DOUBLE
    return plain[:2] if is_double else plain[:1]
