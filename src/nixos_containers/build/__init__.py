"""Builds systems in the Nix store and keeps their generations. Not for evaluation or for what runs."""
