"""Reports that people keep: a report with what it is asked and how it is drawn, under a name. One's own are a person's alone; shared ones are
configuration."""
