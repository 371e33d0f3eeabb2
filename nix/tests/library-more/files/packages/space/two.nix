{ }: "two"
