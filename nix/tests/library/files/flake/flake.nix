{ outputs = { self, dep }: { one = 1; sum = self.one + dep; }; }
