"""Access reviewed by campaign: somebody opens it over memberships, others decide of each whether it stays, and a sign-off carries that out.

A review gives nothing: it keeps, shortens or takes away. Who reviews is told of the people in front of him what his decision needs, and nothing
besides; what he decides is carried out at the sign-off with the rights of whoever signs, through the one door for writes.
"""
