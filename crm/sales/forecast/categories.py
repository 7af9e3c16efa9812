"""Words of forecasting: whence a probability comes, and the categories in which deals are forecast."""

from crm.messages import Label

MANUAL, STAGE, HISTORY = "manual", "stage", "history"
PROBABILITY_SOURCES = ((STAGE, Label("з етапу", "of the stage")), (HISTORY, Label("з історії угод", "of past deals")))
SOURCES_OF_DEALS = ((MANUAL, Label("вручну", "given by hand")), *PROBABILITY_SOURCES)

PICKLIST = "forecast_category"
COMMIT, BEST_CASE, PIPELINE, OMITTED, CLOSED = "commit", "best_case", "pipeline", "omitted", "closed"
# Those of open stages; what is won counts as closed and what is lost as omitted, whatever anybody says.
FORECAST_CATEGORIES = (
    (COMMIT, Label("Зобовʼязання", "Commit")), (BEST_CASE, Label("Найкращий випадок", "Best case")), (PIPELINE, Label("У роботі", "Pipeline")),
    (OMITTED, Label("Поза прогнозом", "Omitted")),
)
