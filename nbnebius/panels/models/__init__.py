"""The catalogs of models, filtered, compared and chosen from."""
