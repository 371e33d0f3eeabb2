"""The command line: one table of verbs, one file per verb. Parses, calls the pipeline, prints the answer.

Not for decisions about containers, and not for catching errors: main does that.
"""
