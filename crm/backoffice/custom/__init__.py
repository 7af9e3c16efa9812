"""Entities and fields that administrators make: how they are kept, described and given tables and columns of their own."""
