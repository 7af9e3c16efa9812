"""The types of fields as one chooses among them: a name, what it is for, and how a value of it looks."""

from dataclasses import dataclass

from crm.backoffice.lowcode.made import DERIVED_NAMES, FIELD_TYPES, NAMES, NO_DEFAULT, NOT_INDEXED, TYPED
from crm.messages import Label


@dataclass(frozen=True)
class Kind:
    """A type of fields. `tag` is the colour of an example that is drawn as an option."""

    key: str
    name: Label
    about: Label
    example: Label
    tag: str = ""


def _kind(key: str, name: tuple[str, str], about: tuple[str, str], example: tuple[str, str] | str, tag: str = "") -> Kind:
    return Kind(key, Label(*name), Label(*about), Label(*((example, example) if isinstance(example, str) else example)), tag)


GROUPS: tuple[tuple[Label, tuple[Kind, ...]], ...] = (
    (Label("Текст", "Text"), (
        _kind("text", ("Рядок тексту", "Line of text"), ("Назва, короткий коментар: до 255 знаків.", "A name, a short remark: up to 255 characters."),
              ("Постачання насосів", "Supply of pumps")),
        _kind("long_text", ("Довгий текст", "Long text"), ("Кілька абзаців без оформлення.", "Several paragraphs without formatting."),
              ("Умови оплати…", "Terms of payment…")),
        _kind("rich_text", ("Оформлений текст", "Formatted text"), ("Абзаци, списки, посилання, виділення.", "Paragraphs, lists, links, emphasis."),
              ("Умови: 30 % авансу", "Terms: 30 % in advance")),
    )),
    (Label("Числа та гроші", "Numbers and money"), (
        _kind("integer", ("Ціле число", "Whole number"), ("Кількість без дробової частини.", "A quantity without a fraction."), "25"),
        _kind("decimal", ("Дробове число", "Decimal number"), ("Число з дробовою частиною: вага, площа.", "A number with a fraction: a weight, an area."),
              ("12,5", "12.5")),
        _kind("money", ("Гроші", "Money"), ("Сума; валюта стоїть поруч у записі.", "An amount; its currency stands beside it in the record."),
              ("1 250,00 UAH", "1,250.00 UAH")),
        _kind("percent", ("Відсоток", "Percent"), ("Частка, знижка, ставка.", "A share, a discount, a rate."), ("7,5 %", "7.5 %")),
    )),
    (Label("Час", "Time"), (
        _kind("date", ("Дата", "Date"), ("День без години.", "A day without an hour."), ("24.08.2026", "24 Aug 2026")),
        _kind("moment", ("Дата й час", "Date and time"), ("Момент, у часовому поясі того, хто дивиться.", "A moment, in the time zone of whoever looks."),
              ("24.08.2026 10:30", "24 Aug 2026, 10:30")),
        _kind("duration", ("Тривалість", "Duration"), ("Скільки щось триває.", "How long something lasts."), ("1 год 30 хв", "1 h 30 min")),
    )),
    (Label("Вибір", "Choice"), (
        _kind("boolean", ("Так чи ні", "Yes or no"), ("Позначка.", "A mark."), ("✓ Так", "✓ Yes")),
        _kind("picklist", ("Один зі списку", "One of a list"), ("Значення зі списку з кольорами.", "A value of a list, with colours."),
              ("Високий", "High"), "orange"),
        _kind("multi_picklist", ("Кілька зі списку", "Several of a list"), ("Кілька значень одного списку.", "Several values of one list."),
              ("Монтаж", "Assembly"), "blue"),
        _kind("country", ("Країна", "Country"), ("Країна світу.", "A country of the world."), ("Україна", "Ukraine")),
        _kind("currency", ("Валюта", "Currency"),
              ("Валюта за кодом; гроші запису — у ній.", "A currency by its code; the money of the record is in it."), "UAH"),
    )),
    (Label("Зв’язки", "Relations"), (
        _kind("reference", ("Посилання на запис", "Reference to a record"), ("Один запис іншого виду; там зʼявиться список.",
                                                                           "One record of another kind; a list appears there."), ("ТОВ «Брама»", "Brama Ltd")),
        _kind("many_to_many", ("Посилання на кілька записів", "References to several records"),
              ("Кілька записів іншого виду.", "Several records of another kind."),
              ("Насоси, Фільтри", "Pumps, Filters")),
    )),
    (Label("Контакти й коди", "Contacts and codes"), (
        _kind("email", ("Електронна пошта", "E-mail"), ("Адреса, перевірена за будовою.", "An address, checked for its form."), "office@firm.ua"),
        _kind("phone", ("Телефон", "Phone"), ("Номер у міжнародному вигляді.", "A number in its international form."), "+380 44 123 45 67"),
        _kind("url", ("Адреса сторінки", "Web address"), ("Посилання на сайт.", "A link to a site."), "https://brama.ua"),
        _kind("tax_code", ("Податковий код", "Tax code"),
              ("ЄДРПОУ, РНОКПП; контрольна цифра перевіряється.", "EDRPOU, RNOKPP; the check digit is verified."), "14360570"),
        _kind("iban", ("Рахунок IBAN", "IBAN account"),
              ("Рахунок у банку, перевірений за контрольними цифрами.", "A bank account, verified by its check digits."),
              "UA21 3223 1300 0002 …"),
    )),
    (Label("Файли", "Files"), (
        _kind("file", ("Файл", "File"), ("Документ у записі.", "A document in the record."), ("Договір № 7", "Contract No. 7")),
        _kind("image", ("Зображення", "Picture"), ("Світлина чи схема, видна в записі.", "A photo or a drawing, shown in the record."),
              ("Схема", "Plan")),
    )),
    (Label("Обчислюються самі", "Worked out by themselves"), (
        _kind("formula", ("Формула", "Formula"), ("З інших полів запису.", "From other fields of the record."), "budget * 0.02"),
        _kind("rollup", ("Підсумок", "Roll-up"), ("Кількість, сума, найбільше… записів, що посилаються сюди.",
                                                  "The count, sum, greatest… of the records that refer here."), ("Σ 12 тендерів", "Σ 12 tenders")),
        _kind("auto_number", ("Номер за зразком", "Number by a pattern"),
              ("Кожен новий запис одержує наступний номер.", "Every new record is given the next number."),
              "T-2026-0001"),
    )),
)
KINDS = {kind.key: kind for _, kinds in GROUPS for kind in kinds}
CLASSES: tuple[tuple[str, Label, Label], ...] = (
    ("open", Label("Відкрите", "Open"), Label("Можна показувати й за межами компанії; видно всім, кому видно запис.",
                                              "May be shown outside the company too; seen by all who see the record.")),
    ("internal", Label("Внутрішнє", "Internal"), Label("Для працівників: видно всім, чия роль показує «решту полів» запису.",
                                                       "For staff: seen by everybody whose role shows “all the other fields” of the record.")),
    ("sensitive", Label("Чутливе", "Sensitive"), Label("Приховане від усіх, крім власника, доки роль не назве його сама.",
                                                       "Hidden from everyone but the owner until a role names it.")),
)
FUNCTIONS: tuple[tuple[str, Label], ...] = (
    ("count", Label("Кількість", "Count")), ("sum", Label("Сума", "Sum")), ("min", Label("Найменше", "Least")), ("max", Label("Найбільше", "Greatest")),
    ("last", Label("Останнє", "Last")),
)
FLAGS: tuple[tuple[str, Label, Label], ...] = (
    ("required", Label("Обовʼязкове", "Required"), Label("Без нього запис не зберегти.", "A record is not saved without it.")),
    ("unique", Label("Неповторне", "Unique"), Label("Двох записів з однаковим значенням не буває.", "No two records hold the same value.")),
    ("indexed", Label("Швидке впорядкування", "Fast sorting"), Label("Індекс: варто там, де за полем часто впорядковують великий список.",
                                                                     "An index: worth it where a long list is often sorted by the field.")),
    ("searchable", Label("Шукати в ньому", "Searched"), Label("Пошук у списку дивиться й сюди.", "The search of the list looks here too.")),
    ("personal", Label("Персональні дані", "Personal data"), Label("Говорить про людину: видається й стирається разом із нею.",
                                                                   "Tells of a person: exported and erased together with that person.")),
)
assert set(KINDS) == set(FIELD_TYPES)


def facets(type_: str) -> frozenset[str]:
    """What the form of a type asks beside its names and class."""
    if type_ in DERIVED_NAMES:
        return frozenset(DERIVED_NAMES[type_])
    less = ({"default"} if type_ in NO_DEFAULT else set()) | ({"indexed"} if type_ in NOT_INDEXED else set())
    return frozenset((*TYPED, *NAMES.get(type_, ()))) - less
