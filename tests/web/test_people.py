"""Registering: declared fields, consents, the unit found by its name."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from quizengine.core.contest import Need
from quizengine.services import accounts
from quizengine.services.people import participant_of
from quizengine.store.people import find_participant
from quizengine.store.tables import AccountRow, ContestRow
from tests.web.conftest import close_site, make_site
from tests.web.site import PASSWORD, SLUG, Reader, Site, forms_of, sample_contest

PATH = f"/thi/{SLUG}/dang-ky"
NEW = {
    "full_name": "Nguyễn Thị Mẫu",
    "phone": "0900000333",
    "password": PASSWORD,
    "unit": "VL-001",
    "role": "can-bo-co-so",
    "consents": "hien-ket-qua",
}


def new_person(site: Site, **changes: str) -> Reader:
    """Return the browser of a stranger who has sent the form of the registration."""
    reader = site.reader()
    reader.open(PATH)
    reader.send(**{**NEW, **changes})
    return reader


def test_a_stranger_registers_with_an_account_in_one_step_and_is_logged_in(site: Site) -> None:
    reader = new_person(site)
    assert reader.path == f"/thi/{SLUG}/"
    assert "Nguyễn Thị Mẫu" in reader.page
    assert reader.client.get_cookie("quiz_session")
    other = site.reader()
    other.open("/dang-nhap")
    other.send(login="0900 000 333", password=PASSWORD)
    assert "Nguyễn Thị Mẫu" in other.page


def test_a_stranger_with_an_account_is_led_to_the_log_in_and_back(site: Site) -> None:
    site.person()
    reader = site.reader()
    reader.open(PATH)
    reader.follow("Đã có tài khoản? Đăng nhập")
    assert forms_of(reader.page, reader.path)[-1].fields["next"] == [PATH]
    reader.send(login="0900000456", password=PASSWORD)
    assert reader.path == PATH
    assert 'name="password"' not in reader.page


def test_a_taken_phone_number_is_told_with_the_log_in_and_nothing_typed_is_lost(
    site: Site,
) -> None:
    site.person(phone="0900000333")
    reader = new_person(site, password="một từ khác hẳn")
    assert reader.status == 422
    assert "Đã có tài khoản" in reader.page
    assert f"/dang-nhap?next={PATH.replace('/', '%2F')}" in reader.page
    fields = forms_of(reader.page, reader.path)[-1].fields
    assert fields["full_name"] == ["Nguyễn Thị Mẫu"]
    assert fields["phone"] == ["0900000333"]
    assert fields["consents"] == ["hien-ket-qua"]
    assert fields["password"] == [""]
    assert not reader.client.get_cookie("quiz_session")


def test_who_knows_the_password_of_the_account_is_registered_with_it(site: Site) -> None:
    """A double click sends the form twice: the second finds the account of the first."""
    for reader in (new_person(site), new_person(site)):
        assert reader.path == f"/thi/{SLUG}/"
        assert "Nguyễn Thị Mẫu" in reader.page


def test_wrong_passwords_in_the_registration_count_as_tries(site: Site) -> None:
    site.person(phone="0900000333")
    for _ in range(10):
        new_person(site, password="một từ khác hẳn")
    assert "Thử lại sau" in new_person(site).page


def test_no_registration_makes_no_account_and_no_account_no_registration(site: Site) -> None:
    site.participant()  # registered with this number, logged in with another
    with Session(site.engine) as session:
        session.execute(update(AccountRow).values(login="ten-khac"))
        session.commit()
    reader = new_person(site, phone="0900000456")
    assert "Đã có người đăng ký" in reader.page
    assert not reader.client.get_cookie("quiz_session")
    with Session(site.engine) as session:
        assert session.scalar(select(func.count(AccountRow.id))) == 1


def test_all_that_is_wrong_with_the_account_stands_at_its_fields(site: Site) -> None:
    reader = new_person(site, phone="", password="ngắn")
    assert reader.status == 422
    assert reader.page.count('class="err"') == 2
    assert 'id="phone-error"' in reader.page
    assert 'id="password-error"' in reader.page
    assert 'value="ngắn"' not in reader.page


def test_without_a_phone_the_log_in_is_asked_for_by_itself(tmp_path: Path) -> None:
    contest = sample_contest()
    fields = {**contest.registration.fields, "phone": Need.OFF, "staff_code": Need.REQUIRED}
    registration = replace(contest.registration, person_key="staff_code", fields=fields)
    site = make_site(tmp_path, contest=replace(contest, registration=registration))
    reader = site.reader()
    reader.open(PATH)
    form = forms_of(reader.page, reader.path)[-1].fields
    assert "login" in form
    assert "phone" not in form
    changes = {name: value for name, value in NEW.items() if name != "phone"}
    reader.send(**changes, login="0900000333", staff_code="NV-7")
    assert reader.path == f"/thi/{SLUG}/"
    close_site(site)


def test_an_optional_phone_is_required_of_whom_it_is_the_log_in(tmp_path: Path) -> None:
    contest = sample_contest()
    fields = {
        **contest.registration.fields,
        "phone": Need.OPTIONAL,
        "staff_code": Need.REQUIRED,
    }
    registration = replace(contest.registration, person_key="staff_code", fields=fields)
    site = make_site(tmp_path, contest=replace(contest, registration=registration))
    reader = site.reader()
    page = reader.open(PATH)
    assert "Không bắt buộc" not in page.split('id="phone-hint"')[1].split("</small>")[0]
    reader.send(**{**NEW, "phone": ""}, staff_code="NV-7")
    assert "Chưa có số điện thoại" in reader.page
    assert "tên đăng nhập" not in reader.page
    close_site(site)


def test_the_log_in_of_a_newcomer_is_a_phone_number(tmp_path: Path) -> None:
    """A name could be the one that an organiser is to get."""
    contest = sample_contest()
    fields = {**contest.registration.fields, "phone": Need.OFF, "staff_code": Need.REQUIRED}
    registration = replace(contest.registration, person_key="staff_code", fields=fields)
    site = make_site(tmp_path, contest=replace(contest, registration=registration))
    reader = site.reader()
    reader.open(PATH)
    changes = {name: value for name, value in NEW.items() if name != "phone"}
    reader.send(**changes, login="bantochuc", staff_code="NV-7")
    assert "Số điện thoại chỉ gồm chữ số" in reader.page
    close_site(site)


@pytest.mark.parametrize("password", [" " * 8, "0900 000 333"])
def test_a_password_that_anybody_would_guess_is_refused(site: Site, password: str) -> None:
    assert 'id="password-error"' in new_person(site, password=password).page


def test_nobody_registers_once_the_results_are_out(site: Site) -> None:
    with Session(site.engine) as session:
        session.execute(update(ContestRow).values(state="published"))
        session.commit()
    reader = site.reader()
    reader.open(PATH)
    assert reader.status == 409


def test_no_consent_is_ticked_beforehand_and_known_values_are_filled_in(site: Site) -> None:
    reader = site.person()
    reader.open(PATH)
    fields = forms_of(reader.page, reader.path)[-1].fields
    assert "consents" not in fields
    assert fields["full_name"] == ["Trần Minh Khuê"]
    assert fields["phone"] == ["0900000456"]


def test_every_wrong_field_is_named_and_nothing_typed_is_lost(site: Site) -> None:
    reader = site.person()
    reader.open(PATH)
    reader.send(phone="090 000 045", unit="hoa gao", birth_year="không nhớ")
    assert reader.status == 422
    assert "Số này có 9 chữ số" in reader.page
    fields = forms_of(reader.page, reader.path)[-1].fields
    assert fields["phone"] == ["090 000 045"]
    assert fields["unit"] == ["hoa gao"]
    assert fields["birth_year"] == ["không nhớ"]
    for name in ("phone", "unit", "role", "consent-hien-ket-qua"):
        assert f'href="#{name}"' in reader.page
        assert f'id="{name}"' in reader.page


def test_a_part_of_a_units_name_leads_to_a_choice_of_units(site: Site) -> None:
    reader = site.person()
    reader.open(PATH)
    reader.send(unit="hoa gao", role="can-bo-co-so", consents="hien-ket-qua")
    assert reader.status == 422
    assert 'name="unit_code" value="VL-001"' in reader.page
    reader.send(unit_code="VL-001")
    assert reader.path == f"/thi/{SLUG}/"
    assert "CĐCS Trường Mầm non Hoa Gạo" in reader.page


def test_a_units_whole_name_needs_no_choice(site: Site) -> None:
    reader = site.person()
    reader.open(PATH)
    reader.send(unit="CĐCS Trường Mầm non Hoa Gạo", role="can-bo-co-so", consents="hien-ket-qua")
    assert reader.path == f"/thi/{SLUG}/"


def test_a_registered_person_is_led_on_and_a_second_one_with_the_same_phone_is_told(
    site: Site,
) -> None:
    reader = site.participant()
    reader.open(PATH)
    assert reader.path == f"/thi/{SLUG}/"
    other = site.person("Người Khác", "0900000789")
    other.open(PATH)
    other.send(phone="0900 000 456", unit="VL-001", role="can-bo-co-so", consents="hien-ket-qua")
    assert other.status == 422
    assert "Đã có người đăng ký" in other.page


@pytest.mark.parametrize(
    ("chosen", "printed"), [("Nguyễn Văn An", "Nguyễn Văn An"), ("NGUYỄN VĂN AN", "NGUYỄN VĂN AN")]
)
def test_a_name_in_capitals_is_printed_as_the_person_says(
    site: Site, chosen: str, printed: str
) -> None:
    reader = new_person(site, full_name="NGUYỄN  VĂN AN")
    assert reader.status == 422
    assert "In tên thế nào?" in reader.page
    first, second = reader.page.split('name="printed" value="')[1:]
    assert first.startswith("Nguyễn Văn An")
    assert second.startswith("NGUYỄN VĂN AN")
    reader.send(printed=chosen, password=PASSWORD)
    assert reader.path == f"/thi/{SLUG}/"
    assert printed in reader.page


def test_another_name_than_the_one_asked_about_is_asked_about_again(site: Site) -> None:
    reader = new_person(site, full_name="nguyen van an")
    reader.send(printed="nguyen van an", full_name="tran van binh", password=PASSWORD)
    assert 'name="printed" value="Tran Van Binh"' in reader.page


def test_units_are_found_while_somebody_types(site: Site) -> None:
    reader = site.reader()
    response = reader.client.get("/thi/don-vi", query_string={"q": "hoa gao"})
    found = response.get_json()
    first = found["units"][0]
    assert [first["name"][start:end] for start, end in first["marks"]] == ["Hoa", "Gạo"]
    assert first["above"]
    assert found["said"] == f"{len(found['units'])} đơn vị phù hợp"
    assert len(found["units"]) <= 8
    assert reader.client.get("/thi/don-vi").get_json()["units"] == []
    assert reader.client.get("/thi/don-vi?q=" + "hoa " * 999).status_code == 200


def test_a_chosen_unit_stays_chosen_when_something_else_is_wrong(site: Site) -> None:
    reader = site.person()
    reader.open(PATH)
    reader.send(unit="hoa gao", unit_code="VL-001", role="can-bo-co-so")
    assert reader.status == 422
    fields = forms_of(reader.page, reader.path)[-1].fields
    assert fields["unit"] == ["CĐCS Trường Mầm non Hoa Gạo"]
    reader.send(consents="hien-ket-qua")
    assert reader.path == f"/thi/{SLUG}/"


def test_what_is_typed_later_goes_before_the_unit_that_was_ticked(site: Site) -> None:
    reader = new_person(site, unit="hoa gao")
    assert 'name="unit_code" value="VL-001"' in reader.page
    reader.send(unit="zzzz", unit_code="VL-001", password=PASSWORD)
    assert reader.status == 422
    assert "Không tìm thấy đơn vị nào tên “zzzz”" in reader.page
    reader.send(unit="", unit_code="VL-001", password=PASSWORD)
    assert 'id="unit-error"' in reader.page


def test_a_unit_that_is_not_listed_takes_part_at_once_under_the_one_above(site: Site) -> None:
    reader = new_person(site, unit="", unit_typed="CĐCS Tổ hợp  May Mới", parent="nha tren")
    assert reader.status == 422
    assert "Không tìm thấy đơn vị nào tên “nha tren”" in reader.page
    choices = reader.page.split('name="parent_code" value="')[1:]
    reader.send(parent_code=choices[0].split('"')[0], password=PASSWORD)
    assert reader.path == f"/thi/{SLUG}/"
    assert "CĐCS Tổ hợp May Mới" in reader.page
    with Session(site.engine) as session:
        person = session.scalar(select(AccountRow.person)) or ""
        stored = find_participant(session, SLUG, person)
        registered = participant_of(session, SLUG, person)
    assert stored
    assert registered
    assert stored.unit_typed == registered.unit_name == "CĐCS Tổ hợp May Mới"
    assert stored.unit == registered.unit_code == choices[0].split('"')[0]
    assert "unit_typed" not in stored.fields


def test_a_unit_that_cannot_be_found_says_what_to_do(site: Site) -> None:
    reader = new_person(site, unit="zzzz")
    assert "Không tìm thấy đơn vị nào tên “zzzz”" in reader.page
    assert 'href="#unit"' in reader.page


def test_the_page_says_what_the_results_show(site: Site) -> None:
    page = site.reader().open(PATH)
    assert "Bảng kết quả ghi họ tên, đơn vị, ba số cuối điện thoại" in page
    assert "chỉ hiện ba số cuối" in page


def test_too_many_at_once_are_asked_to_send_it_again_and_nothing_typed_is_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(accounts, "_HASHING", full)
    monkeypatch.setattr(accounts, "HASHING_SECONDS", 0.01)
    reader = new_person(site)
    assert reader.status == 503
    assert int(reader.headers["Retry-After"]) > 0
    assert "Quá nhiều người đang đăng nhập" in reader.page
    fields = forms_of(reader.page, reader.path)[-1].fields
    assert fields["full_name"] == ["Nguyễn Thị Mẫu"]
    assert fields["phone"] == ["0900000333"]
    assert fields["consents"] == ["hien-ket-qua"]
    full.release()
    reader.send(password=PASSWORD)
    assert reader.path == f"/thi/{SLUG}/"


def test_a_form_that_waited_too_long_is_offered_again_without_its_password(site: Site) -> None:
    reader = site.reader()
    reader.open(PATH)
    reader.client.delete_cookie("session")
    token = forms_of(reader.page, reader.path)[-1].fields["csrf_token"]
    response = reader.client.post(
        PATH,
        data={**NEW, "csrf_token": token},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert response.status_code == 403
    assert "Nguyễn Thị Mẫu" in response.text
    assert PASSWORD not in response.text
