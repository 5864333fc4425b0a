"""Names of invented people: (Latin as in a passport, own script). Families come as (man, woman) where the language has two."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

from dostyk.people.rules import Sex

Word = tuple[str, str]


@dataclass(frozen=True)
class Names:
    men: tuple[Word, ...]
    women: tuple[Word, ...]
    families: tuple[tuple[Word, Word], ...]
    languages: tuple[str, ...]


def _same(*words: Word) -> tuple[tuple[Word, Word], ...]:
    return tuple((word, word) for word in words)


COUNTRIES: dict[str, Names] = {
    "KG": Names(
        (("Nurzhan", "Нүржан"), ("Bakyt", "Бакыт"), ("Ömür", "Өмүр"), ("Azamat", "Азамат"), ("Ulan", "Улан")),
        (("Aigul", "Айгүл"), ("Nurgul", "Нургүл"), ("Jyldyz", "Жылдыз"), ("Begimai", "Бегимай"), ("Cholpon", "Чолпон")),
        (
            (("Omurbekov", "Өмүрбеков"), ("Omurbekova", "Өмүрбекова")),
            (("Toktogulov", "Токтогулов"), ("Toktogulova", "Токтогулова")),
            (("Asanov", "Асанов"), ("Asanova", "Асанова")),
            (("Sydykov", "Сыдыков"), ("Sydykova", "Сыдыкова")),
            (("Jumagulov", "Жумагулов"), ("Jumagulova", "Жумагулова")),
            (("Ysmanov", "Ысманов"), ("Ysmanova", "Ысманова")),
        ),
        ("ky", "ru"),
    ),
    "TJ": Names(
        (("Jamshed", "Ҷамшед"), ("Farrukh", "Фаррух"), ("Ghayrat", "Ғайрат"), ("Sherali", "Шералӣ"), ("Hotam", "Ҳотам")),
        (("Zarina", "Зарина"), ("Mahina", "Маҳина"), ("Gulchehra", "Гулчеҳра"), ("Nigora", "Нигора"), ("Sitora", "Ситора")),
        (
            (("Abdullojonov", "Абдуллоҷонов"), ("Abdullojonova", "Абдуллоҷонова")),
            (("Qurbonov", "Қурбонов"), ("Qurbonova", "Қурбонова")),
            (("Rahmonzoda", "Раҳмонзода"), ("Rahmonzoda", "Раҳмонзода")),
            (("Yusufī", "Юсуфӣ"), ("Yusufī", "Юсуфӣ")),
            (("Hojiev", "Ҳоҷиев"), ("Hojieva", "Ҳоҷиева")),
            (("Nurūlloev", "Нурӯллоев"), ("Nurūlloeva", "Нурӯллоева")),
        ),
        ("tg", "ru"),
    ),
    "TM": Names(
        (("Owezgeldi", "Öwezgeldi"), ("Merdan", "Merdan"), ("Batyr", "Batyr"), ("Nazar", "Nazar")),
        (("Ogulgerek", "Ogulgerek"), ("Jennet", "Jennet"), ("Aynabat", "Aýnabat"), ("Sheker", "Şeker")),
        (
            (("Yazmyradow", "Ýazmyradow"), ("Yazmyradowa", "Ýazmyradowa")),
            (("Atayew", "Ataýew"), ("Atayewa", "Ataýewa")),
            (("Chopanow", "Çopanow"), ("Chopanowa", "Çopanowa")),
            (("Tangryberdiyew", "Taňryberdiýew"), ("Tangryberdiyewa", "Taňryberdiýewa")),
        ),
        ("tk", "ru"),
    ),
    "UZ": Names(
        (("Gʻayrat", "Ғайрат"), ("Ulugʻbek", "Улуғбек"), ("Toʻlqin", "Тўлқин"), ("Shuhrat", "Шуҳрат"), ("Jahongir", "Жаҳонгир")),
        (("Oʻgʻiloy", "Ўғилой"), ("Dilnoza", "Дилноза"), ("Gulnora", "Гулнора"), ("Nodira", "Нодира"), ("Hilola", "Ҳилола")),
        (
            (("Gʻulomov", "Ғуломов"), ("Gʻulomova", "Ғуломова")),
            (("Yoʻldoshev", "Йўлдошев"), ("Yoʻldosheva", "Йўлдошева")),
            (("Oʻrinov", "Ўринов"), ("Oʻrinova", "Ўринова")),
            (("Qodirov", "Қодиров"), ("Qodirova", "Қодирова")),
            (("Toʻxtayev", "Тўхтаев"), ("Toʻxtayeva", "Тўхтаева")),
            (("Hakimov", "Ҳакимов"), ("Hakimova", "Ҳакимова")),
        ),
        ("uz", "ru"),
    ),
    "AF": Names(
        (("Mohammad Naim", "محمدنعیم"), ("Abdul Qader", "عبدالقادر"), ("Ahmad Zia", "احمدضیا"), ("Gholam Reza", "غلام‌رضا")),
        (("Fariba", "فریبا"), ("Zohra", "زهره"), ("Shukria", "شکریه"), ("Parwin", "پروین")),
        _same(("Rahimi", "رحیمی"), ("Badakhshi", "بدخشی"), ("Karimi", "کریمی"), ("", "")),
        ("fa_AF", "en"),
    ),
    "MN": Names(
        (("Tuvshinjargal", "Түвшинжаргал"), ("Bat-Erdene", "Бат-Эрдэнэ")),
        (("Ulziijargal", "Өлзийжаргал"), ("Enkhtuya", "Энхтуяа")),
        _same(("Batbayaryn", "Батбаярын"), ("Ganboldyn", "Ганболдын")),
        ("mn", "ru", "en"),
    ),
}


@dataclass(frozen=True)
class Invented:
    """One invented person."""

    full_name: str
    own_name: str
    family_name: str
    given_name: str
    sex: Sex
    country: str
    languages: tuple[str, ...]


def people_of(country: str, count: int) -> list[Invented]:
    """The first `count` invented people of a country, women and men in turn, no two of one name."""
    names = COUNTRIES[country]
    found: list[Invented] = []
    sexes = cycle((Sex.FEMALE, Sex.MALE))
    for turn in range(count):
        sex = next(sexes)
        given = names.women if sex is Sex.FEMALE else names.men
        pair = turn // 2
        first = given[pair % len(given)]
        family = names.families[(pair + pair // len(given)) % len(names.families)][0 if sex is Sex.MALE else 1]
        found.append(
            Invented(
                f"{first[0]} {family[0]}".strip(), f"{first[1]} {family[1]}".strip(), family[0], first[0], sex, country, names.languages
            )
        )
    return found
