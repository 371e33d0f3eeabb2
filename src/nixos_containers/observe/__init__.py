"""Looks at the host and never touches it: records, running containers, host facts, logs."""
