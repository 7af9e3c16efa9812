"""The pictures that can stand for a kind of records, in words: those of `static/icons.txt` that mean a thing and no action."""

from collections.abc import Mapping

from crm.messages import Label

ICONS: Mapping[str, Label] = {
    "building": Label("Будівля", "Building"), "users": Label("Люди", "People"), "user": Label("Людина", "Person"), "user-circle": Label("Профіль", "Profile"),
    "phone": Label("Телефон", "Phone"), "message": Label("Повідомлення", "Message"), "coins": Label("Монети", "Coins"), "trophy": Label("Кубок", "Trophy"),
    "box": Label("Коробка", "Box"), "category": Label("Категорії", "Categories"), "stairs": Label("Сходи", "Stairs"), "chart-bar": Label("Діаграма", "Chart"),
    "report-analytics": Label("Звіт", "Report"), "file-text": Label("Документ", "Document"), "list-check": Label("Перелік", "Checklist"),
    "calendar-event": Label("Календар", "Calendar"), "clock": Label("Годинник", "Clock"), "bell": Label("Дзвоник", "Bell"), "star": Label("Зірка", "Star"),
    "map": Label("Мапа", "Map"), "world": Label("Світ", "World"), "sitemap": Label("Структура", "Structure"), "link": Label("Ланка", "Link"),
    "database": Label("Дані", "Data"), "shield": Label("Щит", "Shield"), "lock": Label("Замок", "Lock"), "keyboard": Label("Клавіатура", "Keyboard"),
    "eye": Label("Око", "Eye"), "filter": Label("Лійка", "Funnel"), "copy": Label("Копія", "Copy"), "list": Label("Список", "List"),
    "search": Label("Лупа", "Magnifier"), "upload": Label("Завантаження", "Upload"), "history": Label("Минуле", "Past"), "sun": Label("Сонце", "Sun"),
    "layout-rows": Label("Рядки", "Rows"), "settings": Label("Шестерня", "Gear"),
}
