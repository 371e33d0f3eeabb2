{ a, b }: { value = a + b; }
