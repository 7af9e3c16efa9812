"""What happened with a record, of every kind together: kinds that areas register, and the changes that the journal keeps."""
