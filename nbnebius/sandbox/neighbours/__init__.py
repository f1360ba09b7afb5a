"""Model lists of other services, so that several catalogs can be read from one sandbox."""
