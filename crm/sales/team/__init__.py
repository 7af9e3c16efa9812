"""Who works on a deal in which role, what each has to do at a stage, and whether it was done in time."""
