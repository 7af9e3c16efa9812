"""The name of a condition: an open deal has been in its stage for more working days than its service time. Lists, boards, views, segments, alerts and
reports ask for it, each with its reader's rights.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from crm.backoffice.conditions.own import Rows, own_condition
from crm.messages import Label

OVERDUE_STAY = "@overdue_stay"
HISTORY = "stage_history"


@own_condition(
    OVERDUE_STAY, "deal", Label("На етапі довше за строк", "Longer in its stage than it should be"),
    Label(
        "Відкриті угоди, що стоять на своєму етапі більше робочих днів, ніж його строк",
        "Open deals that have been in their stage for more working days than its service time",
    ),
    of="stage",
)
def longer_than_meant(stages: Rows) -> Mapping[str, Any]:
    """One part for each service time that open stages have; nothing is overdue where none has one."""
    by_days: dict[int, list[int]] = defaultdict(list)
    for stage in stages.values():
        if stage.values["kind"] == "open" and stage.values["days"]:
            by_days[stage.values["days"]].append(stage.id)
    too_long = [
        {"all": [{"field": "stage", "op": "in", "value": ids}, {"field": "entered_at", "op": "within", "value": f"over_{days}_working_days"}]}
        for days, ids in sorted(by_days.items())
    ]
    standing = {"field": "stage", "op": "in", "value": sorted(one for ids in by_days.values() for one in ids)}
    return {"all": [
        standing, {"count": HISTORY, "op": "gt", "value": 0, "where": {"all": [{"field": "left_at", "op": "empty"}, {"any": too_long}]}},
    ]}
