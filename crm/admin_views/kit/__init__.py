"""The web half of the back office: screens derived from the description of an entity, whatever the entity is."""
