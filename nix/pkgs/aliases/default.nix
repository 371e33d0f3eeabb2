{ archive }: final: prev: { }
