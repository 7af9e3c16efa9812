"""Rights on screens: roles and their rules, what a change would do, who sees what and why."""
