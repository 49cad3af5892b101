"""How long what we know of people is kept: the one table, which the job goes by and the pages show."""

from datetime import timedelta

import booking.personal
import conversations.personal
import dispatch.personal
import members.personal
import notifications.personal
from faces.chrome import forgetting
from kernel.retention import Rule
from kernel.words import msg

HALF_A_YEAR = timedelta(days=180)

RULES = (
    Rule(
        name="chat_words",
        what=msg("公众号里说的话、发的位置和客服的回复"),
        why=msg("售后和争议要回看"),
        keeps=HALF_A_YEAR,
        drop=conversations.personal.drop_old_words,
    ),
    Rule(
        name="chat_pictures",
        what=msg("聊天里发的图片"),
        why=msg("售后和争议要回看"),
        keeps=HALF_A_YEAR,
        drop=conversations.personal.drop_old_pictures,
    ),
    Rule(
        name="messages",
        what=msg("发出的通知的内容"),
        why=msg("核对告诉过什么"),
        keeps=HALF_A_YEAR,
        drop=notifications.personal.drop_old_fields,
    ),
    Rule(
        name="places",
        what=msg("做完或取消的预约的地址、门牌、联系人和电话"),
        why=msg("返工和保修要找得到门"),
        keeps=HALF_A_YEAR,
        drop=booking.personal.drop_old_places,
    ),
    Rule(
        name="drafts",
        what=msg("填过的地址"),
        why=msg("下次预约不用再填"),
        keeps=HALF_A_YEAR,
        drop=booking.personal.drop_old_drafts,
    ),
    Rule(
        name="parcels",
        what=msg("寄出的礼品和奖品的收件人、电话和地址"),
        why=msg("丢件、寄错要查得到"),
        keeps=HALF_A_YEAR,
        drop=members.personal.drop_old_parcels,
    ),
    Rule(
        name="photos",
        what=msg("上门照片"),
        why=msg("质量争议要看"),
        keeps=HALF_A_YEAR,
        drop=dispatch.personal.drop_old_photos,
    ),
    Rule(
        name="signatures",
        what=msg("签名的笔迹"),
        why=msg("质量争议要看"),
        keeps=HALF_A_YEAR,
        drop=dispatch.personal.drop_old_signatures,
    ),
    Rule(
        name="appeals",
        what=msg("办完的复议里的文字和照片"),
        why=msg("可以再复议一次"),
        keeps=timedelta(days=365),
        drop=members.personal.drop_old_appeals,
    ),
    Rule(
        name="complaints",
        what=msg("办完的投诉和答复的文字"),
        why=msg("重复投诉要对照"),
        keeps=timedelta(days=365),
        drop=booking.personal.drop_old_complaints,
    ),
    Rule(
        name="typed_later",
        what=msg("注销以后同事又写下的话、取消关注的记录"),
        why=msg("注销了就不再留"),
        keeps=timedelta(days=3),
        drop=forgetting.take_out_later_words,
    ),
)
# What nobody drops: (what, why).
KEPT = (
    (msg("积分、金额、违约的账目"), msg("账要对得上；注销后上面没有您是谁")),
    (msg("同意的记录"), msg("证明您同意过什么")),
    (msg("谁看过、改过您的资料"), msg("查得出有没有人乱看")),
)
