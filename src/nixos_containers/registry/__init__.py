"""A read-only registry of OCI images over HTTP (OCI distribution-spec: pull and content discovery). Knows neither Nix nor containers."""
