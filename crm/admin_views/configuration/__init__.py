"""The screens on which administrators say what data is made of: entities, their fields, picklists, and the versions of all that."""
