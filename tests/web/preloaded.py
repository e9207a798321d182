"""The reference deployment as gunicorn preloads it: at the sample contest's hour, and used."""

from __future__ import annotations

from quizengine.web.app import create_app
from tests.web.site import Clock

app = create_app(clock=Clock())
with app.test_client() as client:
    client.get("/thi/")
    client.get("/healthz")
