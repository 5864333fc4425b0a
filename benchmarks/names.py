"""Invented people as the region has them: few names that many bear, many that few bear, in two scripts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

# Latin as in a passport, and the name as its bearers write it.
MEN = (
    "Nurzhan Нуржан|Azamat Азамат|Bakyt Бакыт|Ulan Улан|Aziz Азиз|Jamshed Ҷамшед|Farrukh Фаррух|Sherali Шералӣ|Rustam Рустам|Timur Тимур|"
    "Otabek Отабек|Bekzod Бекзод|Merdan Merdan|Batyr Batyr|Serik Серік|Yerlan Ерлан|Daniyar Данияр|Aibek Айбек|Sanjar Санжар|Ilhom Илҳом|"
    "Sardor Сардор|Jasur Жасур|Ulugbek Улуғбек|Dovran Döwran|Maksat Максат|Kanat Канат|Nurlan Нурлан|Askar Асқар|Ghayrat Ғайрат|Zafar Зафар"
)
WOMEN = (
    "Aigul Айгүл|Nurgul Нургүл|Zarina Зарина|Gulnora Гулнора|Nilufar Нилуфар|Dilnoza Дилноза|Jennet Jennet|Aynabat Aýnabat|Madina Мадина|"
    "Sitora Ситора|Mahina Маҳина|Begimai Бегимай|Cholpon Чолпон|Saule Сәуле|Asel Асель|Dinara Динара|Kamila Камила|Shahnoza Шаҳноза|"
    "Malika Малика|Feruza Феруза|Nigora Нигора|Zulfiya Зулфия|Lola Лола|Oguljan Oguljan|Aizada Айзада|Meerim Мээрим|Gulzada Гүлзада"
)
ROOTS = (
    "Omurbek Өмүрбек|Toktogul Токтогул|Asan Асан|Sydyk Сыдык|Jumagul Жумагул|Ysman Ысман|Abdulloh Абдуллоҳ|Qurbon Қурбон|Rahmon Раҳмон|"
    "Yusuf Юсуф|Hoji Ҳоҷи|Karim Карим|Rahim Раҳим|Ghulom Ғулом|Yuldash Юлдаш|Tursun Турсун|Saidahmad Саидаҳмад|Nazar Назар|Sultan Султан|"
    "Muhammad Муҳаммад|Ismoil Исмоил|Ibrohim Иброҳим|Mirzo Мирзо|Haydar Ҳайдар|Akhmet Ахмет|Bekmurod Бекмурод|Orazmuhammet Orazmuhammet|"
    "Annaguly Annaguly|Berdi Berdi|Seit Сейт|Zhaksybek Жақсыбек|Kozhakhmet Қожахмет|Dzhumabay Джумабай|Esen Эсен|Kasym Қасым|Ermek Ермек|"
    "Tashmat Ташмат|Hamid Ҳамид|Olim Олим|Nosir Носир|Sharif Шариф|Zoir Зоир|Umar Умар|Usmon Усмон|Ali Али|Vali Вали|Jalil Жалил|Bobo Бобо"
)
PARTS = (
    "|kul кул|bek бек|bay бай|murod мурод|jon жон|mirza мирза|qul қул|ali али|shoh шоҳ|zhan жан|khan хан|dast даст|nur нур|gali гали|"
    "tur тур"
)
ENDINGS = {
    "KG": ("ov ов", "ev ев"),
    "KZ": ("ov ов", "in ин"),
    "UZ": ("ov ов", "ev ев"),
    "TJ": ("ov ов", "zoda зода"),
    "TM": ("ow ow", "yew ýew"),
}
AFGHANS = (
    "Ahmad احمد|Mohammad محمد|Abdul عبدال|Rahim رحیم|Karim کریم|Gul گل|Shah شاه|Zaman زمان|Habib حبیب|Nabi نبی|Farida فریده|Zahra زهرا|"
    "Mariam مریم|Latifa لطیفه|Najib نجیب|Hamid حمید|Wahid وحید|Sayed سید|Omid امید|Ghulam غلام|Noor نور|Jan جان|Wali ولی|Yaqub یعقوب"
)
DOMAINS = ("example.org", "example.net", "mail.example.org", "gov.example.org")


@dataclass(frozen=True)
class Invented:
    full_name: str
    own_name: str
    family_name: str
    country: str
    sex: str
    email: str


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(word, own) for word, _, own in (pair.partition(" ") for pair in text.split("|"))]


class _Few:
    """Choices of which the first are far more frequent than the last, as names are."""

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        self.choices = choices
        self.weights = list(accumulate(1 / (n + 3) for n in range(len(choices))))

    def one(self, chance: random.Random) -> tuple[str, str]:
        return chance.choices(self.choices, cum_weights=self.weights)[0]


def people(number: int, seed: int = 7) -> Iterator[Invented]:
    """`number` people, the same for the same seed."""
    chance = random.Random(seed)
    men, women, afghans = _Few(_pairs(MEN)), _Few(_pairs(WOMEN)), _Few(_pairs(AFGHANS))
    families = [(root + part, own + own_part) for part, own_part in _pairs(PARTS) for root, own in _pairs(ROOTS)]
    common = _Few(families)
    for n in range(number):
        country = chance.choices(("UZ", "KZ", "TJ", "KG", "TM", "AF"), (34, 20, 12, 12, 10, 12))[0]
        female = chance.random() < 0.45
        if country == "AF":
            (one, own), (two, own_two) = afghans.one(chance), afghans.one(chance)
            full, written, family = f"{one} {two}", f"{own} {own_two}", ""
        else:
            given, own_given = (women if female else men).one(chance)
            root, own_root = common.one(chance)
            ending, own_ending = chance.choice(ENDINGS[country]).split()
            a, own_a = ("a", "a" if country == "TM" else "а") if female and ending != "zoda" else ("", "")
            family = root + ending + a
            father, own_father = men.one(chance)
            full = f"{family} {given} {father}{'ovna' if female else 'ovich'}"
            written = f"{own_root}{own_ending}{own_a} {own_given} {own_father}{'овна' if female else 'ович'}"
        email = f"{full.split()[-1].lower()}.{full.split()[0].lower()}{n}@{DOMAINS[n % 4]}"
        yield Invented(full, written, family, country, "female" if female else "male", email)
