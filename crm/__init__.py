"""Brama CRM."""
