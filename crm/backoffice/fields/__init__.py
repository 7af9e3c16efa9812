"""The types of fields, one module each, and the constructors that declare them on a class."""

from types import MappingProxyType

from crm.backoffice.fields.base import Field, Ref, Registry
from crm.backoffice.fields.boolean import BooleanField, boolean
from crm.backoffice.fields.country import CountryField, country
from crm.backoffice.fields.currency import CurrencyField, currency
from crm.backoffice.fields.date import DateField, date_ as date
from crm.backoffice.fields.decimal import DecimalField, decimal, ratio
from crm.backoffice.fields.duration import DurationField, duration
from crm.backoffice.fields.email import EmailField, email
from crm.backoffice.fields.file import FileField, ImageField, file, image
from crm.backoffice.fields.formula import formula
from crm.backoffice.fields.iban import IbanField, iban
from crm.backoffice.fields.integer import IntegerField, integer
from crm.backoffice.fields.long_text import LongTextField, long_text
from crm.backoffice.fields.many_to_many import ManyToManyField, many_to_many
from crm.backoffice.fields.moment import MomentField, moment
from crm.backoffice.fields.money import MoneyField, money
from crm.backoffice.fields.multi_picklist import MultiPicklistField, multi_picklist
from crm.backoffice.fields.percent import PercentField, percent
from crm.backoffice.fields.phone import PhoneField, phone
from crm.backoffice.fields.picklist import PicklistField, picklist
from crm.backoffice.fields.reference import ReferenceField, reference
from crm.backoffice.fields.rich_text import RichTextField, rich_text
from crm.backoffice.fields.tax_code import TaxCodeField, tax_code
from crm.backoffice.fields.text import TextField, text
from crm.backoffice.fields.url import UrlField, url

__all__ = [
    "TYPES",
    "Field",
    "Ref",
    "boolean",
    "country",
    "currency",
    "date",
    "decimal",
    "duration",
    "email",
    "file",
    "formula",
    "iban",
    "image",
    "integer",
    "long_text",
    "many_to_many",
    "moment",
    "money",
    "multi_picklist",
    "percent",
    "phone",
    "picklist",
    "ratio",
    "reference",
    "rich_text",
    "tax_code",
    "text",
    "url",
]

TYPES: Registry = MappingProxyType({
    spec.type: spec
    for spec in (
        TextField, LongTextField, RichTextField, IntegerField, DecimalField, MoneyField, CurrencyField, PercentField, DateField, MomentField, DurationField,
        BooleanField, PicklistField, MultiPicklistField, EmailField, PhoneField, UrlField, CountryField, TaxCodeField, IbanField, ReferenceField,
        ManyToManyField, FileField, ImageField,
    )
})
