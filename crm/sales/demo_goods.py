"""What the demo company sells: lines of business, categories, products with prices in hryvnias, and what deals on them are called."""

from typing import NamedTuple


class Good(NamedTuple):
    """A product: code, name in both languages, unit, list price and what it costs of it."""

    code: str
    name: str
    name_en: str
    unit: str
    price: int
    cost: float = 0.7


class Branch(NamedTuple):
    """A category under its line of business: its goods, what deals on them are called, how often they are asked for, and by whom most."""

    code: str
    name: str
    line: str
    weight: float
    goods: tuple[Good, ...]
    titles: tuple[str, ...]
    industries: tuple[str, ...] = ()


LINES = {"BL-COLD": "Холодильне обладнання", "BL-CLIMATE": "Клімат і вентиляція", "BL-PARTS": "Запчастини й матеріали", "BL-SERVICE": "Сервіс"}

BRANCHES = (
    Branch("CAT-ROOMS", "Холодильні камери", "BL-COLD", 20, (
        Good("KX-20", "Камера холодильна КХ-20", "Cold room KX-20", "piece", 186_000),
        Good("KX-60", "Камера холодильна КХ-60", "Cold room KX-60", "piece", 412_000),
        Good("KM-40", "Камера морозильна КМ-40", "Freezer room KM-40", "piece", 468_000),
        Good("KSH-2", "Камера шокового заморожування", "Blast freezer", "piece", 735_000),
        Good("SN-100", "Сендвіч-панель 100 мм", "Sandwich panel 100 mm", "square_metre", 1_950),
        Good("DV-1", "Двері відкатні теплоізольовані", "Insulated sliding door", "piece", 58_400),
    ), ("Холодильна камера, склад № {n}", "Камера для {n} т продукції", "Овочесховище, черга {n}", "Морозильна камера для цеху",
        "Камера шокового заморожування", "Склад вакцин, +2…+8 °C"),
        ("agriculture", "food", "transport", "medical")),
    Branch("CAT-SHOP", "Вітрини й шафи", "BL-COLD", 18, (
        Good("VT-13", "Вітрина холодильна ВТ-1,3", "Display case VT-1.3", "piece", 74_500),
        Good("VT-25", "Вітрина холодильна ВТ-2,5", "Display case VT-2.5", "piece", 128_000),
        Good("SH-700", "Шафа холодильна 700 л", "Refrigerated cabinet 700 l", "piece", 52_900),
        Good("LR-400", "Скриня морозильна 400 л", "Chest freezer 400 l", "piece", 27_800),
        Good("LG-150", "Льодогенератор 150 кг", "Ice maker 150 kg", "piece", 96_000),
    ), ("Вітрини для {n} крамниць", "Обладнання нової крамниці", "Холодильні шафи, {n} шт.", "Льодогенератори", "Оновлення торгового залу"),
        ("trade", "services", "food")),
    Branch("CAT-PLANT", "Компресори й агрегати", "BL-COLD", 12, (
        Good("AG-15", "Агрегат компресорний 15 кВт", "Compressor unit 15 kW", "piece", 312_000),
        Good("AG-45", "Агрегат компресорний 45 кВт", "Compressor unit 45 kW", "piece", 864_000),
        Good("KD-30", "Конденсатор повітряний КД-30", "Air condenser KD-30", "piece", 143_000),
        Good("OM-2", "Охолоджувач молока 2 000 л", "Milk cooler 2,000 l", "piece", 289_000),
    ), ("Модернізація компресорної", "Охолоджувачі молока, {n} шт.", "Заміна агрегатів, цех № {n}", "Центральна холодильна станція"),
        ("food", "agriculture", "machinery")),
    Branch("CAT-AIR", "Кондиціювання", "BL-CLIMATE", 12, (
        Good("KN-35", "Кондиціонер канальний 35 кВт", "Duct conditioner 35 kW", "piece", 238_000),
        Good("SP-7", "Спліт-система 7 кВт", "Split system 7 kW", "piece", 41_200),
        Good("PR-12", "Прецизійний кондиціонер 12 кВт", "Precision conditioner 12 kW", "piece", 356_000),
    ), ("Кондиціювання серверної", "Клімат офісу, {n} поверх", "Кондиціювання виробничого цеху", "Спліт-системи, {n} шт."),
        ("technology", "services", "construction", "medical")),
    Branch("CAT-VENT", "Вентиляція й сушіння", "BL-CLIMATE", 7, (
        Good("VN-5", "Установка припливно-витяжна 5 000 м³", "Air handling unit 5,000 m³", "piece", 274_000),
        Good("SU-30", "Камера сушильна 30 м³", "Drying chamber 30 m³", "piece", 1_180_000),
        Good("ZV-1", "Завіса повітряна", "Air curtain", "piece", 18_900),
    ), ("Сушильна камера", "Вентиляція складу № {n}", "Повітряні завіси, {n} шт.", "Вентиляція цеху"), ("machinery", "construction", "agriculture")),
    Branch("CAT-PARTS", "Запчастини", "BL-PARTS", 10, (
        Good("KP-4", "Компресор герметичний 4 кВт", "Hermetic compressor 4 kW", "piece", 23_600, 0.75),
        Good("VN-30", "Вентилятор осьовий 300 мм", "Axial fan 300 mm", "piece", 3_450, 0.75),
        Good("KT-8", "Контролер температури КТ-8", "Temperature controller KT-8", "piece", 6_800, 0.6),
        Good("DT-1", "Датчик температури бездротовий", "Wireless temperature sensor", "piece", 2_150, 0.55),
    ), ("Запчастини, річний договір", "Заміна компресорів, {n} шт.", "Моніторинг холоду, {n}0 точок", "Контролери для {n} об’єктів")),
    Branch("CAT-GAS", "Холодоагенти й матеріали", "BL-PARTS", 5, (
        Good("R-404", "Холодоагент R404A", "Refrigerant R404A", "kg", 1_240, 0.8),
        Good("R-290", "Холодоагент R290", "Refrigerant R290", "kg", 980, 0.8),
        Good("OL-5", "Олива холодильна 5 л", "Refrigeration oil 5 l", "package", 2_900, 0.7),
    ), ("Заміна фреону, {n} об’єктів", "Витратні матеріали на сезон", "Холодоагент, запас на рік")),
    Branch("CAT-SERVICE", "Обслуговування й монтаж", "BL-SERVICE", 16, (
        Good("SV-M", "Обслуговування, місяць", "Maintenance, a month", "month", 14_500, 0.5),
        Good("SV-H", "Виїзд інженера", "Engineer's visit", "hour", 1_450, 0.5),
        Good("MN-1", "Монтаж і пуск", "Installation and start-up", "service", 64_000, 0.6),
        Good("AU-1", "Аудит енергоспоживання", "Energy audit", "service", 86_000, 0.45),
    ), ("Сервісний договір на {year} рік", "Обслуговування {n} об’єктів", "Аудит енергоспоживання", "Монтаж і пуск холоду", "Виїзне обслуговування на сезон")),
)
# What is offered together with what: a room needs a door, a unit its start-up.
TOGETHER = {
    "KX-20": ("DV-1", "AG-15", "MN-1"), "KX-60": ("DV-1", "AG-45", "MN-1"), "KM-40": ("DV-1", "AG-45", "ZV-1", "MN-1"), "KSH-2": ("AG-45", "MN-1", "SV-M"),
    "VT-13": ("LR-400", "SV-M"), "VT-25": ("SH-700", "SV-M"), "SH-700": ("DT-1",), "LG-150": ("SV-M",), "AG-15": ("KD-30", "OL-5", "SV-M"),
    "AG-45": ("KD-30", "OL-5", "SV-M", "AU-1"), "OM-2": ("AG-15", "KT-8"), "KN-35": ("MN-1", "SV-M"), "PR-12": ("DT-1", "SV-M"), "VN-5": ("ZV-1", "MN-1"),
    "SU-30": ("KT-8", "DT-1", "MN-1"), "KP-4": ("R-404", "OL-5", "SV-H"), "KT-8": ("DT-1",), "R-404": ("SV-H",), "R-290": ("SV-H",),
}
NEXT_STEPS = (
    "Подзвонити й домовитися про зустріч", "Зустріч із технологом", "Надіслати пропозицію", "Уточнити бюджет", "Узгодити знижку", "Виїзд на об’єкт",
    "Підписати договір",
    "Рахунок на аванс", "Опитувальний лист", "Показати схожий об’єкт", "Відповісти на зауваження", "Узгодити терміни монтажу", "Розрахунок лізингу",
    "Дзвінок директорові",
)
