"""Invented people for the demonstration: names, answers and essays from a seeded generator.

Nobody here exists: names are drawn from lists of common parts, phone numbers from a block that is
given to nobody, essays from fragments that are put together anew each time.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random

# One name a line would be a page of names.
FAMILIES = "Nguyễn Trần Lê Phạm Hoàng Vũ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Mai Trịnh Lương Tạ"
MIDDLES = "Thị Văn Minh Thu Hữu Ngọc Đức Thanh Hồng Quang Bảo Gia Kim Xuân Diệu Khánh"
GIVEN = (
    "An Bình Châu Dung Duy Giang Hà Hạnh Hiếu Hòa Huệ Hùng Hương Khoa Khuê Lan Liên Linh Long Mai "
    "Nam Nga Ngân Nhàn Oanh Phúc Phước Quân Quỳnh Sơn Tâm Thảo Thắng Thủy Trang Trâm Trung Tú Uyên "
    "Vân Việt Vinh Xuyến Yến"
)
OPENINGS = (
    "Theo tôi",
    "Ở tổ của chúng tôi",
    "Từ đầu năm nay",
    "Mỗi quý một lần",
    "Sau giờ làm việc",
    "Trong ca đêm",
    "Khi có người mới vào",
    "Đối với chị em có con nhỏ",
    "Cùng với phòng hành chính",
    "Trước mùa mưa bão",
    "Bằng chiếc điện thoại sẵn có",
    "Qua nhóm trò chuyện của tổ",
    "Từ ý kiến của anh em",
    "Tại nhà ăn",
    "Vào sáng thứ hai",
    "Ngay trong tháng tới",
)
ACTIONS = (
    "công đoàn nên lập",
    "ban chấp hành có thể mở",
    "chúng ta cần duy trì",
    "mỗi tổ tự làm",
    "cán bộ trẻ sẽ phụ trách",
    "tôi đề nghị thử",
    "đơn vị nên góp quỹ cho",
    "nên giao cho nữ công",
    "hãy bỏ bớt giấy tờ trong",
    "cần công khai kết quả của",
    "nên mời thợ giỏi hướng dẫn",
    "đoàn viên cùng bình chọn",
    "thanh niên nhận đỡ đầu",
    "hai đơn vị bạn kết nghĩa qua",
)
THINGS = (
    "một hộp thư góp ý trực tuyến",
    "lớp học nghề buổi tối",
    "tủ sách pháp luật nhỏ",
    "bảng tin bằng hình vẽ",
    "giờ khám bệnh lưu động",
    "quỹ vay không lãi",
    "góc trông trẻ cuối tuần",
    "sổ tay an toàn bỏ túi",
    "buổi đối thoại mười lăm phút",
    "chuyến xe đưa đón chung",
    "ngày hội sáng kiến",
    "đội sửa nhà giúp nhau",
    "bữa cơm có thực đơn chọn",
    "vườn rau sau xưởng",
    "lịch trực của tổ tư vấn",
    "câu lạc bộ đọc sách",
)
BENEFITS = (
    "để ai cũng được lắng nghe",
    "nhằm giảm tai nạn",
    "cho người ở trọ đỡ vất vả",
    "để việc khó có người bàn",
    "vì con em công nhân",
    "mà không tốn thêm tiền",
    "và báo lại sau một tuần",
    "để lương thưởng rõ ràng hơn",
    "cho bữa ăn ca ngon hơn",
    "nên số ngày nghỉ ốm giảm",
    "và ghi nhận người làm tốt",
    "để người mới bớt bỡ ngỡ",
    "giúp tổ trưởng nắm tình hình",
    "rồi nhân rộng ra toàn quận",
)


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """An invented participant and what kind of participant."""

    name: str
    phone: str
    unit: str
    birth_year: int
    ability: float
    """How likely each answer is right."""


def make_people(rng: Random, count: int, units: list[str]) -> list[SamplePerson]:
    """Return invented people of some units; about half know every answer."""
    return [
        SamplePerson(
            name=" ".join(rng.choice(part.split()) for part in (FAMILIES, MIDDLES, GIVEN)),
            phone=f"09000{number:05}",
            unit=rng.choice(units),
            birth_year=rng.randint(1965, 2001),
            ability=1.0 if rng.random() < 0.5 else rng.uniform(0.55, 0.98),
        )
        for number in range(count)
    ]


def make_essays(rng: Random, count: int) -> list[str]:
    """Return essays of which about one in five is copied: wholly, in part, or without accents."""
    essays: list[str] = []
    for _ in range(count):
        kind = rng.random()
        if essays and kind < 0.07:
            essays.append(rng.choice(essays))
        elif essays and kind < 0.13:
            essays.append(without_accents(rng.choice(essays)))
        elif essays and kind < 0.21:
            essays.append(_half_copied(rng, rng.choice(essays)))
        else:
            essays.append(_essay(rng, rng.randint(7, 13)))
    return essays


def without_accents(text: str) -> str:
    """Return a Vietnamese text as people type it without accents, case and punctuation kept."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _half_copied(rng: Random, original: str) -> str:
    sentences = original.split(". ")
    kept = ". ".join(sentences[: max(3, len(sentences) // 2)])
    return f"{_essay(rng, 4)} {kept}."


def _essay(rng: Random, sentences: int) -> str:
    return " ".join(
        f"{rng.choice(OPENINGS)}, {rng.choice(ACTIONS)} {rng.choice(THINGS)} "
        f"{rng.choice(BENEFITS)}."
        for _ in range(sentences)
    )
