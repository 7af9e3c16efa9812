"""Configuration as a file: read (`document`), compared with what is in force (`plan`), put in force (`apply`), printed (`export`)."""
