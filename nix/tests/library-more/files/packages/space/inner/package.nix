{ }: "deep"
