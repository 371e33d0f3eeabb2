# Only the name of this file matters.
null
