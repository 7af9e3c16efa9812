"""An interaction told in one line, in Ukrainian or English: «завтра 10:00 дзвінок Петренку, 30 хв, про договір»."""
