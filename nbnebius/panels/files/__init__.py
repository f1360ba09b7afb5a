"""The files at the server: listed, uploaded, downloaded, deleted."""
