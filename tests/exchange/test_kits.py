"""Exports of other products, as their documentation names the columns, become records without a mapping of one's own."""

import csv
import io
from typing import Any

import pytest

from crm.backoffice.exchange import kits
from crm.messages import render
from tests.exchange.conftest import Desk

Row = dict[str, str]
FILES: dict[tuple[str, str], Row] = {
    ("hubspot", "account"): {
        "Record ID": "9001", "Company name": "Рошен", "Company owner": "Ірина Коваль", "Phone Number": "+380441112233", "City": "Київ",
        "Country/Region": "Ukraine", "Industry": "Construction", "Annual Revenue": "1500000", "Number of Employees": "120", "Last Activity Date": "2026-07-20",
    },
    ("hubspot", "contact"): {
        "Record ID": "101", "First Name": "Олег", "Last Name": "Мельник", "Email": "o@roshen.example", "Phone Number": "+380671112233",
        "Lead Status": "NEW", "Create Date": "2024-03-12 09:14", "Associated Company": "Рошен", "Job Title": "Директор", "Contact owner": "Ірина Коваль",
    },
    ("hubspot", "deal"): {
        "Record ID": "7001", "Deal Name": "Вітрина", "Deal Stage": "Closed Won", "Amount": "5000.50", "Associated Company": "Рошен",
        "Close Date": "2024-05-12 10:00", "Pipeline": "Sales Pipeline", "Deal owner": "Ірина Коваль", "Create Date": "2024-03-12 09:14",
    },
    ("bitrix24", "account"): {
        "ID": "12", "Название компании": "Рошен", "Тип компании": "Клиент", "Сфера деятельности": "Будівництво", "Ответственный": "Ірина Коваль",
        "Рабочий телефон": "+380441112233", "Телефон": "+380441112299", "Годовой оборот": "1500000", "Валюта": "UAH", "Дата создания": "12.03.2024 09:14:00",
    },
    ("bitrix24", "contact"): {
        "ID": "44", "Имя": "Олег", "Фамилия": "Мельник", "Отчество": "Іванович", "Дата рождения": "17.05.1980", "Компания": "Рошен", "Должность": "Директор",
        "Мобильный телефон": "+380671112233", "Рабочий e-mail": "o@roshen.example", "Ответственный": "Ірина Коваль",
    },
    ("bitrix24", "deal"): {
        "ID": "7", "Название сделки": "Вітрина", "Стадия сделки": "Сделка успешна", "Сумма": "5000.50", "Валюта": "UAH", "Компания": "Рошен",
        "Контакт": "Олег Мельник", "Дата начала": "12.03.2024", "Предполагаемая дата закрытия": "12.05.2024", "Ответственный": "Ірина Коваль",
    },
    ("espocrm", "account"): {
        "id": "5f1e0c", "name": "Рошен", "phoneNumber": "'+380441112233", "type": "Customer", "industry": "Construction", "billingAddressCity": "Київ",
        "billingAddressCountry": "Ukraine", "assignedUserName": "Ірина Коваль", "createdAt": "2024-03-12 09:14:00", "teamsNames": "{}",
    },
    ("espocrm", "contact"): {
        "id": "5f1e0d", "firstName": "Олег", "lastName": "Мельник", "emailAddress": "o@roshen.example", "accountName": "Рошен", "title": "Директор",
        "assignedUserName": "Ірина Коваль", "createdAt": "2024-03-12 09:14:00",
    },
    ("espocrm", "deal"): {
        "id": "5f1e0e", "name": "Вітрина", "accountName": "Рошен", "stage": "Closed Won", "amount": "5000.50", "amountCurrency": "UAH",
        "closeDate": "2024-05-12", "probability": "100", "assignedUserName": "Ірина Коваль", "createdAt": "2024-03-12 09:14:00",
    },
    ("suitecrm", "account"): {
        "Name": "Рошен", "ID": "a-1", "Website": "", "Email Address": "", "Office Phone": "+380441112233", "Billing City": "Київ", "Billing Country": "Ukraine",
        "Type": "Customer", "Industry": "Construction", "Annual Revenue": "1500000", "Employees": "120", "Assigned to": "Ірина Коваль", "Deleted": "0",
    },
    ("suitecrm", "contact"): {
        "First Name": "Олег", "Last Name": "Мельник", "ID": "c-1", "Title": "Директор", "Account Name": "Рошен", "Email Address": "o@roshen.example",
        "Phone Mobile": "+380671112233", "Birthdate": "1980-05-17", "Assigned User Name": "Ірина Коваль", "Deleted": "0",
    },
    ("suitecrm", "deal"): {
        "Opportunity Name": "Вітрина", "ID": "o-1", "Account Name": "Рошен", "Sales Stage": "Closed Won", "Opportunity Amount": "5000.50",
        "Expected Close Date": "2024-05-12", "Lead Source": "Referral", "Assigned User Name": "Ірина Коваль", "Date Created": "2024-03-12 09:14:00",
    },
    ("creatio", "account"): {
        "Name": "Рошен", "Type": "Customer", "Owner": "Ірина Коваль", "Web": "", "Primary phone": "+380441112233", "Category": "A", "Industry": "Construction",
        "City": "Київ", "Country": "Ukraine",
    },
    ("creatio", "contact"): {
        "ФИО": "Мельник Олег Іванович", "Контрагент": "Рошен", "Должность": "Директор", "Рабочий телефон": "+380441112233",
        "Мобильный телефон": "+380671112233", "Email": "o@roshen.example", "Ответственный": "Ірина Коваль",
    },
    ("creatio", "deal"): {
        "Назва": "Вітрина", "Контрагент": "Рошен", "Стадія": "Презентація", "Сума продажу": "5000.50",
        "Дата створення": "12.03.2024", "Відповідальний": "Ірина Коваль",
    },
}


def written(row: Row) -> str:
    made = io.StringIO()
    writer = csv.DictWriter(made, list(row))
    writer.writeheader()
    writer.writerow(row)
    return made.getvalue()


def load(desk: Desk, product: str, entity: str) -> Any:
    row = FILES[product, entity]
    kit = kits.likely(entity, row, "csv")
    assert kit is not None
    assert kit.product == kits.PRODUCTS[product]
    return desk.load(entity, written(row), given=kits.fitted(kit.mapping, row, rest=True))


@pytest.mark.parametrize("product", sorted(kits.PRODUCTS.keys() - {"vcard"}))
def test_an_export_is_recognised_and_becomes_records(desk: Desk, product: str) -> None:
    for entity in ("account", "contact", "deal"):
        done = load(desk, product, entity)
        assert [render(p.message, "en") for p in done.problems] == []
        assert (done.created, done.updated) == (1, 0)
        again = load(desk, product, entity)
        known = kits.likely(entity, FILES[product, entity], "csv")
        assert known is not None
        fitted = kits.fitted(known.mapping, FILES[product, entity])
        assert again.updated == 0
        assert again.created == (0 if fitted.match or "code" in {t.name for ts in (fitted.columns or {}).values() for t in ts} else 1)
    assert desk.rows("account", "name", "owner")[0][0] == "Рошен"
    assert ("Ірина Коваль",) in desk.rows("user", "name")
    contact = desk.rows("contact", "name", "email")[0]
    assert "Мельник" in contact[0]
    assert contact[1] == "o@roshen.example"
    assert desk.rows("position", "title")[0] == ("Директор",)
    name, amount, account = desk.rows("deal", "name", "amount", "account")[0]
    assert (name, str(amount)) == ("Вітрина", "5000.5000")
    assert len(desk.rows("account", "name")) == 1, "contacts and deals find the company that is there"


def test_every_kit_names_only_fields_and_options_that_exist(desk: Desk) -> None:
    for kit in kits.every():
        columns = list(kit.mapping.columns or ())
        if kit.mapping.file.format == "vcard":
            continue
        fitted = kits.fitted(kit.mapping, columns)
        empty = written(dict.fromkeys(fitted.columns or (), ""))
        assert desk.load(kit.entity, empty, given=fitted, dry_run=True).failed == 0, kit.key
        for targets in (fitted.columns or {}).values():
            for target in targets:
                if target.name == "stage":
                    stages = {row.key for row in desk.company.catalog.configured["stage"].values()}
                    assert set(target.values.values()) <= stages, kit.key


def test_a_file_of_no_product_is_not_taken_for_one() -> None:
    assert kits.likely("account", ("Назва", "Місто", "Пошта бухгалтера"), "csv") is None
    assert kits.likely("account", ("name", "Color", "Height", "Weight"), "csv") is None
