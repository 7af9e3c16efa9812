"""The words by which a line names media, days, hours and parts of a day, as patterns over lower case with ʼ for every apostrophe."""

from collections.abc import Mapping
from re import Pattern, compile as pattern

from crm.contacts.interactions.course import CALL, EMAIL, LETTER, MEETING, MESSAGE, VISIT


def whole(words: str) -> Pattern[str]:
    """Words that stand by themselves."""
    return pattern(rf"(?<!\w)(?:{words})(?!\w)")


def _past(*stems: str) -> str:
    """The past of Ukrainian verbs: подзвонив, подзвонила, подзвонили; зустрівся, зустрілась."""
    return "|".join(rf"{stem}(?:в|ла|ло|ли)(?:ся|сь)?" for stem in stems)


# In which order they are looked for matters: «паперовий лист» is a letter, «лист» an e-mail; a verb such as «написати» says less than a noun.
NOUNS: Mapping[str, Pattern[str]] = {
    LETTER: whole(r"паперов\w+ лист\w{0,3}|лист\w{0,3} поштою|paper letter|letter"),
    MESSAGE: whole(
        r"повідомлення\w{0,2}|смс|sms|(?:[ву] |на )?(?:вайбер|viber|телеграм|telegram|вотсап|whatsapp|месенджер)\w{0,3}|(?:(?:a|in) )?messages?|text(?= )"
    ),
    CALL: whole(r"(?:телефонн\w+ )?(?:дзвін(?:ок|очок)|дзвінк\w{1,3}|розмов\w{1,2} телефоном)|(?:phone )?calls?"),
    MEETING: whole(r"зустріч(?:і|чю|чі)?|нарад\w{1,2}|перемовин\w{0,3}|переговор\w{0,3}|презентаці\w{1,2}|meetings?|meet"),
    VISIT: whole(r"візит\w{0,3}|виїзд\w{0,3}|відвідин\w{0,3}|поїздк\w{1,2}|visits?"),
    EMAIL: whole(r"(?:електронн\w+ )?лист(?:а|ом|ові|у|и)?|імейл\w{0,2}|e-?mails?"),
}
PLANNED: Mapping[str, Pattern[str]] = {
    CALL: whole(r"(?:по|пере|за)?(?:дзвонити|дзвони|дзвоню|телефонувати|телефонуй|телефоную)|набрати|ring|phone"),
    MEETING: whole(r"зустрі(?:тися|тись|нусь|нуся|немось|немося)|поговорити|see"),
    VISIT: whole(r"відвідати|заїхати|завітати|підʼїхати|приїхати|поїхати|зʼїздити"),
    EMAIL: whole(r"(?:на|від)писати|напиши|напишу|(?:наді|віді|при)слати|надішлю|(?:write|send)(?: an| the)?"),
}
PAST: Mapping[str, Pattern[str]] = {
    CALL: whole(_past("(?:по|пере|за)?дзвони", "(?:за|пере)?телефонува", "набра") + "|called|phoned|rang"),
    MEETING: whole(_past("зустрі", "зустріча", "поговори", "говори", "розмовля", "обговори") + "|met|talked|spoke"),
    VISIT: whole(_past("відвіда", "заїха", "завіта", "їзди", "зʼїзди", "приїзди", "їха") + "|visited"),
    EMAIL: whole(_past("(?:на|від)?писа", "(?:наді|віді|при)сла") + "|e-?mailed|wrote|sent(?: an| the)?"),
    MESSAGE: whole("texted|messaged"),
}
# Verbs that name no medium of their own: the noun beside them does.
WROTE = frozenset({EMAIL})
HELD = whole(_past("відбу", "прове", "ма", "бу") + "|провів|відбувся|had|held")
TO_DO = whole(r"треба|потрібно|слід|не забути|запланувати|заплануй|запланована|нагада(?:й|ти)(?: мені)?|remind me to|need to|have to|schedule|plan|book")
FILLERS = whole(r"будь ласка|записати|запиши|please|log|ще|мені|me|ми|я|we|i")
INBOUND = whole(r"вхідн\w{2,3}|inbound|incoming|від(?= )|from(?= )")
ABOUT = whole(r"про|щодо|стосовно|з приводу|на тему|about|regarding|concerning|re")
# Words that lead to whom: with them a new group of words begins.
LEADS = frozenset(("з", "із", "зі", "зо", "у", "в", "до", "від", "для", "на", "with", "to", "from", "at", "for", "in", "on"))

DAY_WORDS: Mapping[str, int] = {
    "післязавтра": 2, "послязавтра": 2, "the day after tomorrow": 2, "day after tomorrow": 2, "позавчора": -2, "the day before yesterday": -2,
    "day before yesterday": -2, "сьогодні": 0, "today": 0, "завтра": 1, "tomorrow": 1, "вчора": -1, "учора": -1, "yesterday": -1,
}
WEEKDAYS: tuple[str, ...] = (
    r"понеділ(?:ок|ка|ку|ком)|пн|mondays?|mon", r"вівтор(?:ок|ка|ку|ком)|вт|tuesdays?|tues?", r"серед(?:а|у|и|ою)|ср|wednesdays?|wed",
    r"четвер(?:га|гу|гом)?|чт|thursdays?|thurs?", r"пʼятниц(?:я|ю|і|ею)|пт|fridays?|fri", r"субот(?:а|у|и|ою)|сб|saturdays?|sat",
    r"неділ(?:я|ю|і|ею)|нд|sundays?|sun",
)
MONTHS: tuple[str, ...] = (
    r"січ(?:ень|ня)|january|jan", r"лют(?:ий|ого)|february|feb", r"берез(?:ень|ня)|march|mar", r"квіт(?:ень|ня)|april|apr", r"трав(?:ень|ня)|may",
    r"черв(?:ень|ня)|june|jun", r"лип(?:ень|ня)|july|jul", r"серп(?:ень|ня)|august|aug", r"верес(?:ень|ня)|september|sept?", r"жовт(?:ень|ня)|october|oct",
    r"листопада?|november|nov", r"груд(?:ень|ня)|december|dec",
)
# The hours as «о десятій» and «пів на пʼяту» name them: the beginning of the ordinal.
HOURS: tuple[str, ...] = (
    "перш", "друг", "трет", "четверт", "пʼят", "шост", "сьом", "восьм", "девʼят", "десят", "одинадцят", "дванадцят",
)
NUMBERS: Mapping[str, int] = {
    "один": 1, "одну": 1, "два": 2, "дві": 2, "три": 3, "чотири": 4, "пʼять": 5, "шість": 6, "десять": 10, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3,
    "four": 4, "five": 5, "six": 6, "ten": 10,
}
ENGLISH_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
