"""Byte-exact requests on a raw socket, and what the real MLflow server was seen to answer."""
