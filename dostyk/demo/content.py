# ruff: noqa: E501 -- texts in three languages
"""What the invented courses teach, where, and what their timetables hold. Only the names of programmes and hosts are real."""

from __future__ import annotations

from dataclasses import dataclass

Text = dict[str, str]


def t(en: str, ru: str, kk: str) -> Text:
    return {"en": en, "ru": ru, "kk": kk}


ASTANA, ALMATY = t("Astana", "Астана", "Астана"), t("Almaty", "Алматы", "Алматы")

AGENCY = t(
    "Kazakhstan Agency of International Development (KazAID)",
    "Казахстанское агентство международного развития (KazAID)",
    "Қазақстандық халықаралық даму агенттігі (KazAID)",
)
HOSTS: dict[str, tuple[Text, str, Text]] = {
    "kaznu": (
        t(
            "Al-Farabi Kazakh National University",
            "Казахский национальный университет имени аль-Фараби",
            "Әл-Фараби атындағы Қазақ ұлттық университеті",
        ),
        "KazNU",
        ALMATY,
    ),
    "nu": (
        t(
            "Nazarbayev University, Graduate School of Public Policy",
            "Назарбаев Университет, Высшая школа государственной политики",
            "Назарбаев Университеті, Мемлекеттік саясат жоғары мектебі",
        ),
        "NU GSPP",
        ASTANA,
    ),
    "apa": (
        t(
            "Academy of Public Administration under the President of the Republic of Kazakhstan",
            "Академия государственного управления при Президенте Республики Казахстан",
            "Қазақстан Республикасы Президентінің жанындағы Мемлекеттік басқару академиясы",
        ),
        "APA",
        ASTANA,
    ),
}
# Invented partner bodies: no real office is said to have sent anybody.
PARTNERS: dict[str, tuple[Text, Text]] = {
    "KG": (
        t(
            "Demonstration Personnel Service of Kyrgyzstan",
            "Демонстрационная кадровая служба Кыргызстана",
            "Қырғызстанның көрсетілімдік кадр қызметі",
        ),
        t("Bishkek", "Бишкек", "Бішкек"),
    ),
    "TJ": (
        t(
            "Demonstration Civil Service Agency of Tajikistan",
            "Демонстрационное агентство госслужбы Таджикистана",
            "Тәжікстанның көрсетілімдік мемлекеттік қызмет агенттігі",
        ),
        t("Dushanbe", "Душанбе", "Душанбе"),
    ),
    "UZ": (
        t(
            "Demonstration Academy of Administration of Uzbekistan",
            "Демонстрационная академия управления Узбекистана",
            "Өзбекстанның көрсетілімдік басқару академиясы",
        ),
        t("Tashkent", "Ташкент", "Ташкент"),
    ),
}
DONORS: dict[str, Text] = {
    "temasek": t("Temasek Foundation", "Фонд «Темасек»", "«Темасек» қоры"),
    "jica": t("JICA", "JICA", "JICA"),
}
PROGRAMMES: dict[str, tuple[Text, Text]] = {
    "DIG": (
        t("Dostyk: Digitalization", "Достык: Цифровизация", "Достық: Цифрландыру"),
        t(
            "Digital public administration and e-government tools for the civil services of the region.",
            "Цифровое государственное управление и инструменты электронного правительства для государственных служб региона.",
            "Өңірдің мемлекеттік қызметтері үшін цифрлық мемлекеттік басқару және электрондық үкімет құралдары.",
        ),
    ),
    "DIP": (
        t("Dostyk: Diplomacy", "Достык: Дипломатия", "Достық: Дипломатия"),
        t(
            "Professional networks of the diplomatic services of the region.",
            "Профессиональные связи дипломатических служб региона.",
            "Өңірдің дипломатиялық қызметтерінің кәсіби байланыстары.",
        ),
    ),
    "PUB": (
        t("Dostyk: Public Administration", "Достык: Государственное управление", "Достық: Мемлекеттік басқару"),
        t(
            "Advanced training of civil servants.",
            "Повышение квалификации государственных служащих.",
            "Мемлекеттік қызметшілердің біліктілігін арттыру.",
        ),
    ),
    "AVI": (
        t("Avicenna: Healthcare", "Авиценна: Здравоохранение", "Авиценна: Денсаулық сақтау"),
        t(
            "Academic mobility of medical specialists.",
            "Академическая мобильность медицинских специалистов.",
            "Медицина мамандарының академиялық ұтқырлығы.",
        ),
    ),
}


@dataclass(frozen=True)
class CourseText:
    slug: str
    programme: str
    kind: str
    hours: int
    minutes: int
    languages: tuple[str, ...]
    title: Text
    summary: Text
    lessons: tuple[Text, ...]


COURSES = (
    CourseText(
        "digital-public-services",
        "DIG",
        "advanced",
        40,
        45,
        ("ru", "en"),
        t("Digital Public Services", "Цифровые государственные услуги", "Цифрлық мемлекеттік қызметтер"),
        t(
            "How a public service is designed around the citizen, built once and used by every office: registers, digital identity, service centres, data protection.",
            "Как спроектировать государственную услугу вокруг гражданина, построить её один раз и дать всем ведомствам: реестры, цифровая идентификация, центры обслуживания, защита данных.",
            "Мемлекеттік қызметті азаматқа бағдарлап жобалау, бір рет құрып, барлық мекемеге беру: тізілімдер, цифрлық сәйкестендіру, қызмет көрсету орталықтары, деректерді қорғау.",
        ),
        (
            t("E-government in practice", "Электронное правительство на практике", "Электрондық үкімет іс жүзінде"),
            t("Registers and once-only data", "Реестры и однократный ввод данных", "Тізілімдер және деректерді бір рет енгізу"),
            t("Digital identity and signature", "Цифровая идентификация и подпись", "Цифрлық сәйкестендіру және қолтаңба"),
            t(
                "Designing a service with its users",
                "Проектирование услуги вместе с пользователями",
                "Қызметті пайдаланушылармен бірге жобалау",
            ),
            t("Visit: public service centre", "Визит: центр обслуживания населения", "Сапар: халыққа қызмет көрсету орталығы"),
            t("Personal data protection", "Защита персональных данных", "Дербес деректерді қорғау"),
            t("Artificial intelligence in the office", "Искусственный интеллект в ведомстве", "Мекемедегі жасанды интеллект"),
            t("Action plan for home", "План действий для своей страны", "Өз еліне арналған іс-қимыл жоспары"),
        ),
    ),
    CourseText(
        "young-diplomats",
        "DIP",
        "advanced",
        72,
        45,
        ("ru", "en"),
        t("Young Diplomats", "Молодые дипломаты", "Жас дипломаттар"),
        t(
            "Negotiation, protocol and regional cooperation for those in their first years of service.",
            "Переговоры, протокол и региональное сотрудничество для тех, кто в первые годы службы.",
            "Қызметінің алғашқы жылдарындағылар үшін келіссөздер, хаттама және өңірлік ынтымақтастық.",
        ),
        (
            t("Negotiation workshop", "Практикум по переговорам", "Келіссөздер практикумы"),
            t("Diplomatic protocol", "Дипломатический протокол", "Дипломатиялық хаттама"),
            t("Water and borders in the region", "Вода и границы в регионе", "Өңірдегі су және шекара"),
            t("Working with the press", "Работа с прессой", "Баспасөзбен жұмыс"),
        ),
    ),
    CourseText(
        "civil-service-reform",
        "PUB",
        "seminar",
        24,
        50,
        ("en", "ru"),
        t("Civil Service Reform", "Реформа государственной службы", "Мемлекеттік қызмет реформасы"),
        t(
            "Merit, pay and integrity: what worked in the region, what did not, and why.",
            "Заслуги, оплата и добропорядочность: что сработало в регионе, что нет и почему.",
            "Еңбек сіңіру, жалақы және адалдық: өңірде не нәтиже берді, не бермеді және неліктен.",
        ),
        (
            t("Merit-based selection", "Отбор по заслугам", "Еңбегіне қарай іріктеу"),
            t("Pay and motivation", "Оплата и мотивация", "Жалақы және ынталандыру"),
            t("Integrity and trust", "Добропорядочность и доверие", "Адалдық және сенім"),
            t("Action plan for home", "План действий для своей страны", "Өз еліне арналған іс-қимыл жоспары"),
        ),
    ),
)

WELCOME = t("Opening and introductions", "Открытие и знакомство", "Ашылу және танысу")
CULTURE_ALMATY = (
    (t("Evening of the dombyra", "Вечер домбры", "Домбыра кеші"), "Small hall"),
    (t("Central State Museum", "Центральный государственный музей", "Орталық мемлекеттік музей"), "Samal-1, 44"),
    (t("Kok-Tobe: the city from above", "Кок-Тобе: город с высоты", "Көктөбе: қалаға биіктен көзқарас"), "Kok-Tobe cable car"),
    (t("Medeu in the evening", "Вечер на Медеу", "Медеудегі кеш"), "Medeu"),
)
CULTURE_ASTANA = (
    (t("National Museum", "Национальный музей", "Ұлттық музей"), "National Museum"),
    (t("Walk along the Yesil", "Прогулка вдоль Есиля", "Есіл бойындағы серуен"), "Embankment"),
    (t("Shared dinner: dishes of our countries", "Общий ужин: блюда наших стран", "Ортақ дастарқан: елдеріміздің тағамдары"), "Residence"),
)
FIRST_STEPS = t(
    "Bring your passport and this page. Meals and the dormitory are arranged by the host. In Almaty evenings are cool: take a jacket.",
    "Возьмите паспорт и эту страницу. Питание и общежитие обеспечивает принимающая сторона. Вечера в Алматы прохладные: возьмите куртку.",
    "Паспортыңызды және осы парақты ала келіңіз. Тамақ пен жатақхананы қабылдаушы тарап ұйымдастырады. Алматының кеші салқын: күрте алыңыз.",
)
POSTS = ("Chief specialist", "Head of unit", "Leading specialist", "Adviser", "Inspector")
EMPLOYERS = (
    "Ministry of Digital Development",
    "Ministry of Labour",
    "City administration",
    "Civil service agency",
    "Statistics committee",
    "Tax service",
)
