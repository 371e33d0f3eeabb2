# A package, as a string.
{ }: "two"
