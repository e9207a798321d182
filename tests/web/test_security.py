"""What protects the pages: tokens, origins, limits, headers, and keys that stay away."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine, event

from quizengine.web.security import MASKED_LETTERS, TOKEN_START, mask, unmask
from tests.web.site import ESSAY, ROUND, SLUG, Reader, Site, forms_of
from tests.web.test_play import begin, token_of

SAME = {"Sec-Fetch-Site": "same-origin"}


def unsafe_routes(site: Site) -> list[str]:
    """Return an address of every route that changes something."""
    return [
        re.sub(
            r"<(?:any\(\W*([\w-]+)|string\(length=(\d+)\)|int|)[^>]*>",
            lambda part: (
                part[1] or "a" * int(part[2] or 1) if not part[0].startswith("<int") else "1"
            ),
            str(rule),
        )
        for rule in site.app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
    ]


def test_every_route_that_changes_something_wants_the_token(site: Site) -> None:
    client = site.participant().client
    routes = unsafe_routes(site)
    assert len(routes) >= 11
    for path in routes:
        assert client.post(path).status_code == 403, path
        assert client.post(path, data={"csrf_token": "##" + "0" * 40}).status_code == 403, path


def test_a_token_is_good_for_the_whole_log_in_however_long_the_page_was_open(site: Site) -> None:
    reader = site.participant()
    reader.open(f"/thi/{SLUG}/bai-viet")
    site.clock.move(hours=30)
    reader.send(text=ESSAY, then="stay")
    assert reader.status == 200
    assert "Đã lưu bản nháp" in reader.page


def test_the_token_looks_different_in_every_page_and_each_look_is_good(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    first = token_of(reader)
    reader.open(exam)
    second = token_of(reader)
    assert first != second
    assert unmask(first) == unmask(second)
    answers = {"q0": "1", "sequence": "1"}
    for token in (first, second, first, unmask(first)):
        data = {"csrf_token": token, **answers}
        assert reader.client.post(exam + "/luu", data=data).status_code == 303


@given(some.text(max_size=60))
def test_whatever_is_sent_as_a_token_is_taken_or_left_as_it_is(sent: str) -> None:
    assert unmask(sent) in (sent, TOKEN_START + unmask(sent).removeprefix(TOKEN_START))


@given(some.binary(min_size=20, max_size=20))
def test_a_masked_token_comes_back_whole(digest: bytes) -> None:
    plain = TOKEN_START + digest.hex()
    masked = mask(plain)
    assert len(masked) == MASKED_LETTERS
    assert masked != mask(plain)
    assert unmask(masked) == plain


def test_a_token_of_somebody_else_is_worth_nothing(site: Site) -> None:
    reader = begin(site)
    other = site.participant("Người khác", "0900000222")
    other.open(f"/thi/{SLUG}/bai-viet")
    answer = {"csrf_token": token_of(other), "q0": "1", "sequence": "1"}
    assert reader.client.post(reader.path + "/luu", data=answer).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_a_request_of_another_site_is_refused_even_with_the_token(
    site: Site, headers: dict[str, str]
) -> None:
    reader = begin(site)
    data = {"csrf_token": token_of(reader), "q0": "1", "sequence": "1"}
    response = reader.client.post(reader.path + "/luu", data=data, headers=headers)
    assert response.status_code == 403
    assert reader.client.post(reader.path + "/luu", data=data).status_code == 303


def test_after_a_new_log_in_an_old_page_is_sent_again_with_what_was_typed(site: Site) -> None:
    reader = site.participant()
    reader.open(f"/thi/{SLUG}/bai-viet")
    old = forms_of(reader.page, reader.path)[-1]
    reader.open("/dang-nhap")
    reader.send(login="0900000456", password="ba từ dễ nhớ")
    sent = {**old.fields, "text": [ESSAY + "\n“Xong”"], "then": ["stay"]}
    response = reader.client.post(old.action, data=sent, headers=SAME)
    assert response.status_code == 403
    page = Reader(reader.client, old.action, response.text)
    assert "Chưa gửi được" in page.page
    page.send()
    assert "Đã lưu bản nháp" in page.page
    assert "“Xong”" in page.page


def test_answers_of_somebody_logged_out_elsewhere_are_kept_until_sent_again(site: Site) -> None:
    reader = begin(site)
    exam = forms_of(reader.page, reader.path)[-1]
    reader.client.delete_cookie("quiz_session")
    response = reader.client.post(exam.action, data={**exam.fields, "q0": "1"}, headers=SAME)
    assert response.status_code == 403
    page = Reader(reader.client, exam.action, response.text)
    assert "Bạn đã bị đăng xuất" in page.page
    sent = forms_of(page.page, page.path)[-1]
    response = reader.client.post(sent.action, data=sent.fields, headers=SAME)
    assert response.status_code == 401
    page = Reader(reader.client, exam.action, response.text)
    reader.open("/dang-nhap")
    reader.send(login="0900000456", password="ba từ dễ nhớ")
    response = reader.client.post(
        exam.action, data=forms_of(page.page, page.path)[-1].fields, headers=SAME
    )
    page = Reader(reader.client, exam.action, response.text)
    page.send()
    assert saved_of(page.page) == 1


@pytest.mark.parametrize("path", ["/dang-nhap", "/tao-tai-khoan"])
def test_a_password_is_never_put_into_a_page(site: Site, path: str) -> None:
    client = site.reader().client
    typed = {"login": "0900000456", "password": "ba từ dễ nhớ", "csrf_token": "x"}
    response = client.post(path, data=typed, headers=SAME)
    assert response.status_code == 403
    assert "ba từ dễ nhớ" not in response.text


def test_a_forged_form_is_never_offered_to_be_sent_again(site: Site) -> None:
    reader = site.participant()
    forged = {"text": "của kẻ khác", "csrf_token": "x"}
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
        response = reader.client.post(f"/thi/{SLUG}/bai-viet", data=forged, headers=headers)
        assert response.status_code == 403
        assert "của kẻ khác" not in response.text


def test_every_page_carries_its_headers_and_no_inline_script_or_style(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    for path in ("/thi/", f"/thi/{SLUG}/", exam, exam + "/kiem-tra", "/dang-nhap", "/nowhere"):
        response = reader.client.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert not re.search(r"<script(?! defer src=)|<style|\sstyle=|\son\w+=", response.text), (
            path
        )
        assert not re.search(r'(?:src|href)="(?:https?:)?//', response.text), path


@pytest.mark.parametrize(
    ("end", "size", "status"),
    [("luu", 64 * 1024 + 1, 413), ("luu", 60_000, 303), ("nop", 64 * 1024 + 1, 413)],
)
def test_bodies_over_the_limit_of_their_route_are_refused(
    site: Site, end: str, size: int, status: int
) -> None:
    reader = begin(site)
    data = {"csrf_token": token_of(reader), "pad": "a" * (size - 200), "sequence": "1"}
    data["pad"] += "a" * (size - len("&".join(f"{k}={v}" for k, v in data.items())) + 20)
    response = reader.client.post(f"{reader.path}/{end}", data=data)
    assert response.status_code == status
    if status == 413:
        assert "chưa lưu gì cả" in response.text


def saved_of(page: str) -> int:
    """Return how many questions an exam page shows as answered."""
    return len(set(re.findall(r'name="(q\d+)" value="\d+" checked', page)))


def send_unmeasured(reader: Reader, path: str, body: bytes, *, said: int | None = None) -> int:
    """Post a form as servers hand on a chunked body, or one that broke off; return the status."""
    response = reader.client.post(
        path,
        input_stream=io.BytesIO(body),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": str(said or "")},
    )
    return response.status_code


@pytest.mark.parametrize(("padding", "status"), [(65_536, 413), (60_000, 303)])
def test_a_body_of_unknown_length_is_taken_whole_or_refused(
    site: Site, padding: int, status: int
) -> None:
    reader = begin(site)
    exam = reader.path
    reader.send(then="stay", q0="1")
    form = {"csrf_token": token_of(reader), "sequence": "9", "pad": "a" * padding, "q0": "1"}
    body = urlencode(form | {"q1": "1"}).encode()
    assert send_unmeasured(reader, exam + "/luu", body) == status
    reader.open(exam)
    assert saved_of(reader.page) == (2 if status == 303 else 1)


def test_an_essay_of_unknown_length_is_never_cut(site: Site) -> None:
    reader = site.participant()
    path = f"/thi/{SLUG}/bai-viet"
    reader.open(path)
    form = {"csrf_token": token_of(reader), "sequence": "1", "text": "ạ" * 30_003}
    assert send_unmeasured(reader, path, urlencode(form).encode()) == 413
    reader.open(path)
    assert "ạạ" not in reader.page


def test_a_body_that_broke_off_is_not_taken_for_a_whole_one(site: Site) -> None:
    reader = begin(site)
    exam = reader.path
    reader.send(then="stay", q0="1")
    body = urlencode({"csrf_token": token_of(reader), "sequence": "9"}).encode()
    assert send_unmeasured(reader, exam + "/luu", body, said=len(body) + 5) == 400
    reader.open(exam)
    assert saved_of(reader.page) == 1


def test_an_essay_may_be_larger_than_other_forms(site: Site) -> None:
    reader = site.participant()
    reader.open(f"/thi/{SLUG}/bai-viet")
    reader.send(text="a" * 90_000, then="stay")
    assert reader.status == 200


def test_no_page_of_a_participant_holds_a_key_or_a_source_before_the_reveal(site: Site) -> None:
    sources = {question.source for question in site.bank.questions if question.source}
    reader = begin(site)
    exam = reader.path
    pages = [reader.page, reader.open(f"/thi/{SLUG}/"), reader.open(f"/thi/{SLUG}/the-le")]
    reader.open(exam)
    pages.append(reader.send(then="check", q0="1"))
    pages.append(reader.send())
    pages += [reader.open(exam + "/dap-an"), reader.open(f"/thi/{SLUG}/{ROUND}/xep-hang")]
    for page in pages:
        assert not any(source in page for source in sources)
        assert site.bank.sha256 not in page


def test_the_key_table_is_not_read_on_any_page_of_a_running_contest(
    site: Site, statements: list[str]
) -> None:
    reader = begin(site)
    exam = reader.path
    reader.send(then="check", q0="1")
    reader.send()
    for path in (f"/thi/{SLUG}/", f"/thi/{SLUG}/the-le", exam, exam + "/bien-nhan", "/thi/"):
        reader.open(path)
    assert any("quiz_question" in statement for statement in statements)
    assert not any("quiz_key" in statement for statement in statements)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement of the test, those of the answer path's own connection too."""
    seen: list[str] = []

    def see(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", see)
    yield seen
    event.remove(Engine, "before_cursor_execute", see)


def test_a_page_sent_over_https_makes_its_cookies_secure(site: Site) -> None:
    reader = Reader(site.app.test_client())
    secure = {"wsgi.url_scheme": "https"}
    page = reader.client.get("/tao-tai-khoan", environ_overrides=secure)
    assert "Secure; HttpOnly" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"]
    form = forms_of(page.text, "/tao-tai-khoan")[-1]
    fields = {**form.fields, "name": ["A"], "login": ["0900000333"], "password": ["ba từ dễ nhớ"]}
    response = reader.client.post(
        "/tao-tai-khoan", data=fields, base_url="https://localhost", headers=SAME
    )
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith("quiz_session"))
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


def test_time_moves_nothing_but_what_the_clock_of_the_arrival_says(site: Site) -> None:
    reader = begin(site)
    site.clock.now += timedelta(minutes=19, seconds=59)
    reader.send(then="check", q0="1")
    reader.send()
    assert "lưu lần cuối lúc 20:19:59" in reader.page


def test_a_page_tells_the_people_of_one_browser_apart_without_saying_who_they_are(
    site: Site,
) -> None:
    def owner(page: str) -> list[str]:
        return re.findall(r'<body data-owner="([0-9a-f]{16})">', page)

    first, second = site.participant(), site.person("Người khác", "0900000222")
    mine = owner(first.open("/thi/"))
    assert mine
    assert owner(first.open(f"/thi/{SLUG}/")) == mine
    assert owner(second.open("/thi/")) not in ([], mine)
    assert owner(site.reader().open("/thi/")) == []
    assert "answers.js" in first.page
    assert "answers.js" not in site.reader().open("/thi/")


def test_no_error_page_is_kept_by_those_between_not_even_below_the_files(site: Site) -> None:
    client = site.person().client
    answers = [
        client.get("/thi/static/no-such.css"),
        client.post("/thi/static/quiz.css"),
        client.get("/thi/static/no/such.css"),
        client.get("/no-such"),
    ]
    assert [one.status_code for one in answers] == [404, 405, 404, 404]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "private, no-cache", answer.request.path
    assert "private" not in client.get("/thi/static/quiz.css").headers["Cache-Control"]


def test_an_address_with_what_no_database_can_hold_is_of_no_page(any_site: Site) -> None:
    organiser = any_site.organiser()
    for path in (
        "/thi/%00/",
        "/thi/a%00b/dang-ky",
        "/thi/to-chuc/%00/nguoi-thi",
        "/thi/lam-bai/%00",
        f"/thi/to-chuc/{SLUG}/nguoi-thi/99999999999999999999",
        f"/thi/to-chuc/{SLUG}/nguoi-thi/9223372036854775807",
    ):
        assert organiser.client.get(path).status_code == 404, path
