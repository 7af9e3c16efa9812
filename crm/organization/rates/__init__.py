"""Rates of exchange: what a unit of a currency costs in the company's base currency on a day, typed or out of a file of the National Bank of Ukraine."""
