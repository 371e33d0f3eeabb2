"""What every room may use: errors, the one subprocess module, paths, files, locks and talk on stderr.

Not for anything that knows what a container is.
"""
