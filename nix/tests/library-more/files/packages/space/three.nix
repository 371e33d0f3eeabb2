# A package, as a string.
{ one ? "nothing", two }: "inner sees ${one} and ${two}"
