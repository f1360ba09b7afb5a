"""Results as safe mimebundles: what came from a server reaches a page or a terminal only here."""
