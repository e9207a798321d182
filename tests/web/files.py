"""Sending a file with the form of a page, as a browser does."""

from __future__ import annotations

import io

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.web.site import Reader, forms_of


def send_file(reader: Reader, content: bytes, name: str) -> str:
    """Return the page after sending a file with the last form of the page that has one to send."""
    form = next(one for one in forms_of(reader.page, reader.path) if "file" in one.fields)
    fields = {key: values[0] for key, values in form.fields.items()}
    boundary, body = encode_multipart({**fields, "file": FileStorage(io.BytesIO(content), name)})
    response = reader.client.post(
        form.action,
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        follow_redirects=True,
    )
    reader.path, reader.status = response.request.path, response.status_code
    reader.page = response.text
    return reader.page
