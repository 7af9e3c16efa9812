"""Files in and out: reading tables, mapping their columns to fields, checking and writing rows, exporting what is seen."""
