"""The organiser's unit tree in a browser without scripts: looking, searching, a new list."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy.orm import Session

from quizengine.core.units import Unit, UnitTree
from quizengine.formats.unit_file import write_units
from quizengine.services.units import unit_tree
from tests.web.files import send_file
from tests.web.site import Reader, Site

UNITS = "/thi/to-chuc/don-vi/"


def tree_of(site: Site) -> UnitTree:
    with Session(site.engine) as session:
        return unit_tree(session)


def uploaded(site: Site, content: bytes, name: str = "đơn vị.xlsx") -> Reader:
    """Return an organiser's browser after sending a list."""
    reader = site.organiser()
    reader.open(f"{UNITS}nap")
    send_file(reader, content, name)
    return reader


def test_the_tree_is_shown_and_searched_without_accents(site: Site) -> None:
    reader, tree = site.organiser(), tree_of(site)
    page = reader.open(UNITS)
    assert f"{len(tree.units)} đơn vị" in page
    assert all(unit.code in page for unit in tree.units)
    unit = tree.units[-1]
    assert unit.name in reader.open(f"{UNITS}?tim={unit.code}")
    assert "Không có đơn vị nào như vậy." in reader.open(f"{UNITS}?tim=qqqqqqqq")
    reader.open(f"{UNITS}?duoi=khong-co")
    assert reader.status == 404


def test_a_list_shows_what_it_changes_and_is_loaded(site: Site) -> None:
    tree = tree_of(site)
    *kept, renamed, gone = (unit for unit in tree.units if not tree.children(unit.code))
    root = tree.roots()[0]
    new = Unit("MOI-1", "Công đoàn Nhà máy Sao Mai", "union", root.code)
    units = [
        replace(unit, name="Tên mới toanh") if unit == renamed else unit
        for unit in tree.units
        if unit != gone
    ]
    reader = uploaded(site, write_units([*units, new]))
    page = reader.page
    assert kept
    assert new.name in page
    assert f"{renamed.name} → Tên mới toanh" in page
    assert gone.name in page
    assert "Không có lỗi." in page
    reader.send_form(-2)
    assert "Đã nạp danh sách mới" in reader.page
    assert {unit.code for unit in tree_of(site).units} == {one.code for one in (*units, new)}
    assert "đơn vị.xlsx" not in reader.page


def test_a_moved_unit_is_told_with_both_its_places(site: Site) -> None:
    tree = tree_of(site)
    leaf = next(unit for unit in tree.units if len(tree.path(unit.code)) > 2)
    root = tree.roots()[0]
    units = [replace(unit, parent=root.code) if unit == leaf else unit for unit in tree.units]
    page = uploaded(site, write_units(units)).page
    assert f"{leaf.name}: {tree.by_code[leaf.parent].name} → {root.name}" in page


def test_a_unit_with_people_in_it_cannot_be_left_out(site: Site) -> None:
    site.participant()
    units = [unit for unit in tree_of(site).units if unit.code != "VL-001"]
    reader = uploaded(site, write_units(units))
    assert "1 đơn vị đã có người đăng ký nhưng không còn trong danh sách" in reader.page
    assert 'aria-disabled="true"' in reader.page
    token = re.search(r'name="csrf_token" value="([^"]*)"', reader.page)
    assert token
    answer = reader.client.post(reader.path, data={"csrf_token": token[1]})
    assert answer.status_code == 409
    assert "VL-001" in answer.text
    assert "VL-001" in tree_of(site).by_code


def test_errors_stand_with_their_cells_and_nothing_is_loaded(site: Site) -> None:
    content = "Mã,Tên,Mã cấp trên\nA,Một,\nB,,A\nC,Ba,X\nC,Bốn,A\n".encode()
    reader = uploaded(site, content, "a.csv")
    assert reader.status == 200
    for cell in ("ô B3", "ô C4", "ô A5"):
        assert cell in reader.page
    assert 'aria-disabled="true"' in reader.page
    before = tree_of(site)
    token = re.search(r'name="csrf_token" value="([^"]*)"', reader.page)
    assert token
    answer = reader.client.post(reader.path, data={"csrf_token": token[1]})
    assert answer.status_code == 422
    assert tree_of(site) == before


def test_the_cell_of_a_workbook_is_said_with_its_sheet(site: Site) -> None:
    units = (Unit("A", "Một"), Unit("B", "Hai", parent="X"))
    page = uploaded(site, write_units(units)).page
    assert "trang tính “Đơn vị”, ô D" in page


def test_the_same_list_changes_nothing_and_says_so(site: Site) -> None:
    reader = uploaded(site, write_units(tree_of(site).units))
    assert "danh sách giống hệt cây đơn vị hiện có" in reader.page
    assert "Nạp cũng không thay đổi gì." in reader.page


def test_what_is_no_list_is_said_and_not_kept(site: Site) -> None:
    reader = uploaded(site, b"\x00\x01", "lạ.xlsx")
    assert reader.status == 422
    assert 'role="alert"' in reader.page
    assert "lạ.xlsx" not in reader.open(UNITS)


def test_a_list_is_dropped_without_loading(site: Site) -> None:
    reader = uploaded(site, "Mã,Tên\nA,Một\n".encode(), "a.csv")
    reader.send()
    assert "Đã bỏ tệp." in reader.page


def test_a_large_tree_is_walked_step_by_step(site: Site) -> None:
    district = Unit("Q", "Quận")
    wards = [Unit(f"P{at}", f"Phường số {at}", parent="Q") for at in range(120)]
    schools = [Unit(f"T{at}", f"Trường số {at}", parent=f"P{at}") for at in range(120)]
    reader = uploaded(site, write_units([district, *wards, *schools]))
    assert reader.page.count('class="leaf"') == 1
    page = reader.follow("Quận")
    assert page.count('class="leaf"') == 50
    assert "Trang 1" in page
    page = reader.follow("Phường số 3")
    assert page.count('class="leaf"') == 1
    assert "<span>Trường số 3 <small" in page
