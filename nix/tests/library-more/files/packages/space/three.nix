{ one ? "nothing", two }: "inner sees ${one} and ${two}"
