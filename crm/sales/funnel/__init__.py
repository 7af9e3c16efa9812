"""The sales funnel: deals on their way through a pipeline, in stages, in one line, by reasons of loss, and what changed since a day."""
