# A package, as a string.
{ }: "one"
