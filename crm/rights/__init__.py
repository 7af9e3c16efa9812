"""Rights as those who keep them look at them: the rules of a role, what a change of them would do, who sees what and why."""
