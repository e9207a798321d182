"""Registering: declared fields, consents, the unit found by its name."""

from __future__ import annotations

from tests.web.site import SLUG, Site, forms_of

PATH = f"/thi/{SLUG}/dang-ky"


def test_a_stranger_is_led_to_the_log_in_and_back(site: Site) -> None:
    reader = site.reader()
    reader.open(PATH)
    assert reader.path == "/dang-nhap"
    assert forms_of(reader.page, reader.path)[-1].fields["next"] == [PATH]


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
    other = site.person("Người khác", "0900000789")
    other.open(PATH)
    other.send(phone="0900 000 456", unit="VL-001", role="can-bo-co-so", consents="hien-ket-qua")
    assert other.status == 422
    assert "Đã có người đăng ký" in other.page
