"""What callbacks say, and that nothing else is taken for a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.wechat import messages
from gateways.wechat.messages import Grant, Incoming, Unreadable
from kernel.geo import Point

OPENID = "oAbCdEfGhIjKlMnOpQrStUvWxYz0"


def xml(**elements: str) -> bytes:
    """Return a message as WeChat writes it; an element replaces the one of the same name."""
    whole = {
        "ToUserName": "gh_door",
        "FromUserName": OPENID,
        "CreateTime": "1795395600",
    } | elements
    return ("<xml>" + "".join(f"<{k}>{v}</{k}>" for k, v in whole.items()) + "</xml>").encode()


def event(name: str, **elements: str) -> bytes:
    return xml(MsgType="event", Event=name, **elements)


def said(body: bytes) -> Incoming:
    return messages.parse(body)


class TestParse:
    def test_strips_the_prefix_from_the_scene_of_a_follow(self) -> None:
        told = said(event("subscribe", EventKey="qrscene_store-7", Ticket="tk"))

        assert isinstance(told, messages.Followed)
        assert (told.openid, told.account, told.scene) == (OPENID, "gh_door", "store-7")
        assert (told.ticket, told.sent_at_s) == ("tk", 1795395600)

    def test_reads_a_follow_without_a_code(self) -> None:
        told = said(event("subscribe", EventKey=""))

        assert isinstance(told, messages.Followed)
        assert told.scene == ""

    def test_reads_a_scan_of_a_follower(self) -> None:
        told = said(event("SCAN", EventKey="badge-QD0217", Ticket="tk"))

        assert isinstance(told, messages.Scanned)
        assert told.scene == "badge-QD0217"

    def test_reads_an_unfollow(self) -> None:
        assert isinstance(said(event("unsubscribe")), messages.Unfollowed)

    def test_reads_menu_clicks_and_views(self) -> None:
        click = said(event("CLICK", EventKey="my-bookings"))
        view = said(event("VIEW", EventKey="https://door.example/book?a=1&amp;b=2"))

        assert isinstance(click, messages.MenuClicked)
        assert isinstance(view, messages.MenuViewed)
        assert (click.key, view.url) == ("my-bookings", "https://door.example/book?a=1&b=2")

    def test_reads_text_with_marks_in_it(self) -> None:
        told = said(xml(MsgType="text", MsgId="1", Content="<![CDATA[<b>改约</b> ]]&gt; ok]]>"))

        assert isinstance(told, messages.TextSaid)
        assert told.text == "<b>改约</b> ]]&gt; ok"

    def test_reads_an_image_and_a_voice_without_a_transcript(self) -> None:
        image = said(xml(MsgType="image", MsgId="1", MediaId="m", PicUrl="http://p/1"))
        voice = said(xml(MsgType="voice", MsgId="2", MediaId="v", Format="amr", Recognition=""))

        assert isinstance(image, messages.ImageSent)
        assert isinstance(voice, messages.VoiceSent)
        assert (image.media_id, image.picture_url, voice.media_id, voice.heard) == (
            "m", "http://p/1", "v", "",
        )  # fmt: skip

    def test_reads_a_place_that_was_sent(self) -> None:
        told = said(
            xml(
                MsgType="location", MsgId="3", Location_X="36.1", Location_Y="120.4", Label="浮山后"
            )
        )

        assert isinstance(told, messages.LocationSent)
        assert (told.point, told.label) == (Point(36.1, 120.4), "浮山后")

    def test_reads_a_place_that_the_phone_reports(self) -> None:
        told = said(event("LOCATION", Latitude="36.1", Longitude="120.4", Precision="65.0"))

        assert isinstance(told, messages.LocationReported)
        assert (told.point, told.accuracy_m) == (Point(36.1, 120.4), 65.0)

    @pytest.mark.parametrize(
        ("status", "is_delivered"),
        [("success", True), ("failed:user block", False), ("failed: system failed", False)],
    )
    def test_reads_what_became_of_a_template(self, status: str, is_delivered: bool) -> None:
        told = said(event("TEMPLATESENDJOBFINISH", MsgID="200163840", Status=status))

        assert isinstance(told, messages.TemplateFinished)
        assert (told.msgid, told.is_delivered) == ("200163840", is_delivered)

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_reads_subscription_answers_of_any_number(self, count: int) -> None:
        one = (
            "<List><TemplateId>T{}</TemplateId>"
            "<SubscribeStatusString>accept</SubscribeStatusString><PopupScene>1</PopupScene></List>"
        )
        listed = "".join(one.format(place) for place in range(count))

        told = said(event("subscribe_msg_popup_event", SubscribeMsgPopupEvent=listed))

        assert isinstance(told, messages.GrantsChanged)
        assert told.kind == "popup"
        assert told.grants == tuple(
            Grant(template_id=f"T{place}", status="accept", msgid="") for place in range(count)
        )

    def test_reads_what_became_of_a_subscription_notice(self) -> None:
        item = (
            "<List><TemplateId>T1</TemplateId><MsgID>18</MsgID><ErrorCode>0</ErrorCode>"
            "<ErrorStatus>success</ErrorStatus></List>"
        )

        told = said(event("subscribe_msg_sent_event", SubscribeMsgSentEvent=item))

        assert isinstance(told, messages.GrantsChanged)
        assert told.grants == (Grant(template_id="T1", status="success", msgid="18"),)

    def test_reads_what_became_of_a_message_to_many(self) -> None:
        told = said(
            event(
                "MASSSENDJOBFINISH", MsgID="1", Status="sendsuccess", SentCount="75", ErrorCount="5"
            )
        )

        assert isinstance(told, messages.MassFinished)
        assert (told.msgid, told.status, told.sent, told.failed) == ("1", "sendsuccess", 75, 5)

    @pytest.mark.parametrize(
        ("name", "awaits"), [("scancode_push", False), ("scancode_waitmsg", True)]
    )
    def test_reads_what_the_menus_camera_saw(self, name: str, *, awaits: bool) -> None:
        seen = "<ScanType>qrcode</ScanType><ScanResult>V20261123007</ScanResult>"

        told = said(event(name, EventKey="goods", ScanCodeInfo=seen))

        assert isinstance(told, messages.CodeScanned)
        assert (told.key, told.result, told.awaits) == ("goods", "V20261123007", awaits)

    @pytest.mark.parametrize(
        ("kind", "elements", "agent"),
        [
            ("create", {"KfAccount": "li@door"}, "li@door"),
            ("close", {"KfAccount": "li@door"}, "li@door"),
            ("switch", {"FromKfAccount": "li@door", "ToKfAccount": "wu@door"}, "wu@door"),
        ],
    )
    def test_reads_who_of_the_agents_has_the_chat(
        self, kind: str, elements: dict[str, str], agent: str
    ) -> None:
        told = said(event(f"kf_{kind}_session", **elements))

        assert isinstance(told, messages.AgentChanged)
        assert (told.kind, told.agent) == (kind, agent)

    def test_reads_a_voice_that_wechat_understood(self) -> None:
        told = said(xml(MsgType="voice", MsgId="2", MediaId="v", Recognition="我要预约"))

        assert isinstance(told, messages.VoiceSent)
        assert told.heard == "我要预约"

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (event("something_new", EventKey=""), "something_new"),
            (xml(MsgType="shortvideo", MsgId="1", MediaId="m"), "shortvideo"),
        ],
    )
    def test_names_what_it_has_no_use_for(self, body: bytes, kind: str) -> None:
        told = said(body)

        assert isinstance(told, messages.Other)
        assert told.kind == kind


class TestUnreadable:
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"<html><body>hello</body></html>", id="another_root"),
            pytest.param(b"<xml></xml>", id="nothing_inside"),
            pytest.param(b"<xml>text</xml>", id="text_only"),
            pytest.param(b"{}", id="json"),
            pytest.param(b"\xff\xfe<xml>", id="not_utf8"),
            pytest.param(b'<?xml version="1.0" encoding="none-such"?><xml/>', id="no_such_script"),
            pytest.param(xml(Content="no type"), id="no_type"),
            pytest.param(xml(MsgType="text", Content="x"), id="no_id"),
            pytest.param(xml(MsgType="text", MsgId="1"), id="no_content"),
            pytest.param(xml(MsgType="event"), id="no_event"),
            pytest.param(xml(MsgType="text</MsgType><MsgType>text", MsgId="1"), id="repeated"),
            pytest.param(xml(MsgType="text", MsgId="1", Content="<b>x</b>"), id="nested"),
            pytest.param(xml(MsgType="text", MsgId="1", Content="\0"), id="nul"),
            pytest.param(
                xml(MsgType="text", MsgId="1", Content="x", CreateTime="soon"), id="junk_time"
            ),
            pytest.param(
                xml(MsgType="text", MsgId="1", Content="x", CreateTime="９"), id="wide_digits"
            ),
            pytest.param(
                xml(MsgType="text", MsgId="1", Content="x", CreateTime="999999999999"),
                id="the_year_33658",
            ),
            pytest.param(xml(MsgType="text", MsgId="1", Content="x", FromUserName=""), id="nobody"),
            pytest.param(
                xml(MsgType="text", MsgId="1", Content="x", FromUserName="o" * 129),
                id="long_openid",
            ),
            pytest.param(
                xml(MsgType="location", MsgId="1", Location_X="nan", Location_Y="120"),
                id="no_place",
            ),
            pytest.param(
                xml(MsgType="location", MsgId="1", Location_X="91", Location_Y="120"),
                id="off_earth",
            ),
            pytest.param(
                b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><MsgType>&a;</MsgType></xml>', id="entities"
            ),
            pytest.param(b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>", id="deep"),
            pytest.param(xml(MsgType="text", MsgId="1", Content="x" * 70_000), id="too_long"),
        ],
    )
    def test_is_the_one_name_for_every_bad_body(self, body: bytes) -> None:
        with pytest.raises(Unreadable):
            messages.parse(body)

    @given(st.binary(max_size=300))
    def test_is_all_that_noise_can_cause(self, body: bytes) -> None:
        with pytest.raises(Unreadable):
            messages.parse(body)

    @given(st.data())
    def test_is_all_that_a_damaged_message_can_cause(self, data: st.DataObject) -> None:
        whole = event("subscribe", EventKey="qrscene_1", Ticket="t")
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, len(whole)))

        try:
            told = messages.parse(whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:])
        except Unreadable:
            return

        assert isinstance(told, Incoming)


class TestDedupeKey:
    def test_is_equal_for_every_delivery_of_a_message(self) -> None:
        first = said(xml(MsgType="text", MsgId="7", Content="x"))
        again = said(xml(MsgType="text", MsgId="7", Content="x", CreateTime="1795395605"))

        assert first.dedupe_key == again.dedupe_key

    def test_tells_two_messages_of_one_second_apart(self) -> None:
        keys = {said(xml(MsgType="text", MsgId=i, Content="x")).dedupe_key for i in ("7", "8")}

        assert len(keys) == 2

    def test_tells_two_events_of_one_second_apart_by_their_key(self) -> None:
        keys = {said(event("CLICK", EventKey=key)).dedupe_key for key in ("a", "b")}

        assert len(keys) == 2

    def test_tells_two_templates_that_finish_in_one_second_apart(self) -> None:
        keys = {
            said(event("TEMPLATESENDJOBFINISH", MsgID=i, Status="success")).dedupe_key
            for i in ("1", "2")
        }

        assert len(keys) == 2

    def test_is_not_shared_by_two_people(self) -> None:
        keys = {said(event("SCAN", EventKey="1", FromUserName=who)).dedupe_key for who in "ab"}

        assert len(keys) == 2
