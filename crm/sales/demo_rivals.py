"""The firms that the demo company competes with; invented, like everything in it."""

from typing import NamedTuple


class Rival(NamedTuple):
    """A competitor: code, name, site, country, prices against ours, rivalled goods by code, and what is said of it."""

    code: str
    name: str
    website: str
    country: str
    prices: str
    goods: tuple[str, ...]
    strengths: str
    weaknesses: str
    answers: str


RIVALS = (
    Rival(
        "RIVAL-ARCTIC", "Полярна Лінія", "https://polarna.example", "UA", "lower", ("KX-20", "KX-60", "KM-40", "DV-1"),
        "Великий склад панелей, камера за десять днів.", "Монтаж віддають підрядникам, гарантія рік.",
        "Наші монтажники в штаті, гарантія на камеру з монтажем три роки: порівняйте вартість за пʼять років.",
    ),
    Rival(
        "RIVAL-GLASS", "Вітрина-Люкс", "https://vitryna-lux.example", "UA", "same", ("VT-13", "VT-25", "SH-700", "LR-400"),
        "Гарний вигляд, розстрочка для мереж.", "Запчастини чекають місяцями.", "Запчастини на наші вітрини лежать на складі; показуємо залишки.",
    ),
    Rival(
        "RIVAL-FROST", "Frostmann Kälte", "https://frostmann.example", "DE", "higher", ("AG-15", "AG-45", "KD-30", "KSH-2"),
        "Відома марка, тихі агрегати, низьке споживання.", "Дорого, сервіс із Польщі, виїзд за пʼять днів.",
        "Рахуємо різницю споживання за рік: вона не відбиває різниці в ціні; наш виїзд наступного дня.",
    ),
    Rival(
        "RIVAL-AIR", "Подих Клімат", "https://podykh.example", "UA", "much_lower", ("KN-35", "SP-7", "VN-5"),
        "Найнижча ціна, беруть невеликі обʼєкти.", "Без проєкту й пусконалагодження, часті відмови влітку.",
        "Показуємо обʼєкти, які ми переробили після них.",
    ),
    Rival(
        "RIVAL-SERVICE", "Холод-Майстер", "https://kholodmaister.example", "UA", "lower", ("SV-M", "SV-H", "MN-1"),
        "Майстер приїздить того ж дня в межах міста.", "Працюють без договору, без звітів про обслуговування.",
        "Договір, звіт після кожного виїзду й облік холодоагенту, якого вимагає перевірка.",
    ),
)

# code of the rival, kind, days ago, what it did, where it is known from
ACTIONS = (
    ("RIVAL-ARCTIC", "price_cut", 18, "Мінус 12 % на камери до 60 м³", "Комерційна пропозиція, яку показав клієнт"),
    ("RIVAL-ARCTIC", "hire", 74, "Шукає двох монтажників у Львові", "Оголошення про роботу"),
    ("RIVAL-GLASS", "campaign", 41, "Розстрочка на вітрини для мереж без першого внеску", "Реклама в галузевому журналі"),
    ("RIVAL-FROST", "product", 130, "Агрегат на пропані замість AG-15", "Виставка в Києві"),
    ("RIVAL-AIR", "tender", 9, "Вийшов на тендер зі складом овочів", "Система закупівель"),
)
