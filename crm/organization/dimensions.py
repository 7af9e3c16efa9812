"""Whose a record is, as reports of every area are cut by it: its owner and his manager, its department and territory."""

from crm.backoffice.reports import Dimension
from crm.messages import Label

OWNER = Dimension("owner", Label("Відповідальний", "Owner"), "owner", "user")
MANAGER = Dimension("manager", Label("Керівник", "Manager"), "owner.manager", "user")
DEPARTMENT = Dimension("department", Label("Підрозділ", "Department"), "department", "department")
TERRITORY = Dimension("territory", Label("Територія", "Territory"), "territory", "territory")
