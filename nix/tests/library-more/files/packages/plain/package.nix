{ }: "plain"
