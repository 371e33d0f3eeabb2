"""Tests of the Nix code: tables of cases, and what runs them."""
