"""Hears everyone and is heard by none: events become messages, messages go out once.

Doors: `notifications.queries`, `notifications.jobs`. Owns every table named `notifications_*`.
"""
