"""What is kept about a living person: gathered for him on request, and erased so that nothing of him can be read any more.

Which entities are persons, which fields say something of one and which rows are about one stands in the descriptions (`Person`,
`personal=True`); what an area keeps beside records it registers by `keeps` (see `beside`).
"""
