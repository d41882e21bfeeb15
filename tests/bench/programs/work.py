# What the row "python3" runs: objects, dictionaries, strings, expressions.
import collections
import json
import random
import re


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)


random.seed(4)
words = [''.join(random.choices('abcdefghij', k=random.randint(2, 6)))
         for _ in range(6000)]
count = collections.Counter(words)
print(count.most_common(5))

total = Point(0, 0)
for n in range(30000):
    total = total + Point(n, n ^ 5)
print(total.x, total.y)

text = json.dumps({w: [n, n / 8, w[::-1]] for w, n in count.items()})
print(len(text), len(json.loads(text)))
print(len(re.findall(r'"[a-e]+"', text)), sum(map(len, text.split(', '))))
print(sorted(words, key=lambda w: (w[::-1], len(w)))[:5])
