"""Other people's computers: WeChat, maps. Plain values in and out; knows nothing of bookings.

Doors: wechat.client.WeChat, wechat.oauth.OAuth, wechat.crypto.CallbackDoor, wechat.messages,
wechat.fields, maps.geocoders, maps.travel. `requests` and `wechatpy` are imported here alone.
"""
