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
# Fragments are short, so that two essays share a run of fifty letters only if one was copied.
WHEN = (
    "Mỗi quý|Đầu tháng|Sau ca đêm|Cuối tuần|Khi nhận việc|Trước mùa mưa|Giữa giờ|Dịp hè|Quý tới|"
    "Sang năm|Mỗi sáng|Hằng tuần|Vào dịp Tết|Ngay bây giờ|Theo lịch|Khi cần|Từ tháng sau|Mùa nóng|"
    "Lúc rảnh|Sau họp|Tối thứ sáu|Ngày đầu ca|Khi tăng ca|Cuối năm"
)
WHO = (
    "tổ trưởng|ban nữ công|cán bộ trẻ|thợ giỏi|anh em kho|bếp ăn|đoàn viên mới|tổ bảo vệ|y tế|"
    "chị em may|đội xe|phòng nhân sự|tổ cơ điện|thầy cô|điều dưỡng|thanh niên|ban thanh tra|"
    "người về hưu|tổ vệ sinh|kỹ sư|văn thư|tổ trực|quản đốc|cả nhóm"
)
DOES = (
    "mở|lập|thử|bàn về|góp quỹ cho|chấm điểm|ghi lại|dạy|chia sẻ|sắp lại|nhận đỡ đầu|giới thiệu|"
    "kiểm tra|tổ chức|in|gửi|bình chọn|dựng|công khai|rút gọn|kết nối|thăm|khảo sát|nhân rộng"
)
WHAT = (
    "hộp thư góp ý|lớp học nghề|tủ sách luật|bảng tin hình vẽ|giờ khám bệnh|quỹ vay nhỏ|"
    "góc trông trẻ|sổ tay an toàn|buổi đối thoại|xe đưa đón|sáng kiến rẻ|đội sửa nhà|thực đơn chọn|"
    "vườn rau|lịch tư vấn|bảng lương mẫu|phòng vắt sữa|tủ thuốc|giải bóng đá|góc đọc báo|"
    "mẹo tay nghề|nhật ký tổ|danh bạ hỗ trợ|kho đồ cũ"
)
WHERE = (
    "ở nhà ăn|tại xưởng hai|trong nhóm chat|ngoài cổng|ở khu trọ|trên điện thoại|tại phòng họp|"
    "ở trạm y tế|trong kho|ngay bàn máy|ở từng tổ|tại lớp mẫu|trên xe ca|ở sân sau|tại bếp|"
    "trong hội trường|ở hai cơ sở|tại phường|ở góc cầu thang|nơi chấm công|cạnh máy nước|"
    "tại nhà văn hóa|ở dãy trọ mới|trong ca hai"
)
WHY = (
    "để bớt tai nạn|cho đỡ tốn kém|vì con nhỏ|để dễ hỏi|cho công bằng|mà vẫn đúng luật|"
    "để ai cũng biết|cho người mới quen việc|vì sức khỏe|để giữ người|và báo lại sau|cho vui hơn|"
    "để khỏi chờ lâu|vì người ở xa|cho ca đêm đỡ mệt|để bớt giấy tờ|và khen đúng người|"
    "cho kịp lương|để tiếng nói tới nơi|vì bữa ăn ngon|cho rõ trách nhiệm|để học lẫn nhau|"
    "và tính được công|cho nhà trọ ấm hơn"
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
    return " ".join(_sentence(rng) for _ in range(sentences))


def _sentence(rng: Random) -> str:
    when, who, does, what, where, why = (
        rng.choice(part.split("|")) for part in (WHEN, WHO, DOES, WHAT, WHERE, WHY)
    )
    tail = [where, why]
    rng.shuffle(tail)
    return f"{when}, {who} {does} {what} {' '.join(tail)}."
