"""The browsers inside other applications, which people come from when they tap a link in a chat."""

from __future__ import annotations

APPS = (
    ("Zalo", "Zalo"),
    ("MessengerForiOS", "Messenger"),
    ("FBAN/Messenger", "Messenger"),
    ("Orca-Android", "Messenger"),
    ("Instagram", "Instagram"),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("FB_IAB", "Facebook"),
    ("musical_ly", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("TikTok", "TikTok"),
    (" Line/", "LINE"),
    ("Viber", "Viber"),
    ("MicroMessenger", "WeChat"),
    ("; wv)", "app"),
)
"""What such a browser says in its User-Agent and the application's name; the first one found."""


def inside_app(user_agent: str) -> str:
    """Return the application around a browser, ``app`` for one that has no name, else nothing."""
    return next((name for mark, name in APPS if mark in user_agent), "")
