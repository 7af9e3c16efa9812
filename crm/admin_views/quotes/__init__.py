"""The screens of quotes beside the derived ones: what stands on their card and on that of their deal, the sheet for the customer, two versions side by side."""
