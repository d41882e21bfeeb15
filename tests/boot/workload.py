# Python with one right answer; only exactly rounded arithmetic.
import array
import bisect
import bz2
import collections
import decimal
import fractions
import functools
import hashlib
import heapq
import itertools
import json
import lzma
import pickle
import random
import re
import statistics
import struct
import sys
import threading
import zlib

data = open(sys.argv[1], 'rb').read()


def digest(value):
    if isinstance(value, int):
        value = hex(value)
    if not isinstance(value, bytes):
        value = repr(value).encode()
    return hashlib.sha256(value).hexdigest()[:24]


def show(name, *values):
    print(name, *values)


for name in ('md5', 'sha1', 'sha256', 'sha512', 'sha3_256', 'blake2b'):
    show(name, hashlib.new(name, data).hexdigest()[:32])
show('crc32', zlib.crc32(data), 'adler32', zlib.adler32(data))
for name, module in (('zlib', zlib), ('bz2', bz2), ('lzma', lzma)):
    packed = module.compress(data[:400000])
    show(name, module.decompress(packed) == data[:400000])

show('power', digest(pow(3, 20000)), pow(7, 10**18, 10**18 + 9))
show('division', digest([divmod(10**60 + i, 10**25 + 7 * i)
                         for i in range(500)]))
show('factorial', digest(functools.reduce(lambda a, b: a * b,
                                          range(1, 2000))))
show('isqrt', digest(str(__import__('math').isqrt(2 * 10**400))))

decimal.getcontext().prec = 120
show('decimal', digest(str(decimal.Decimal(2).sqrt())),
     digest(str(decimal.Decimal(1).exp())))
total = sum(fractions.Fraction(1, n) for n in range(1, 300))
show('fraction', digest(str(total)))

value, harmonic = 0.0, 0.0
for n in range(1, 200001):
    harmonic += 1.0 / n
    value = (value * 3.7 + 1.0 / n) % 1.0
show('float', repr(harmonic), repr(value), repr(2 ** 0.5), repr(1e308 * 10),
     (0.1).hex(), float('1e-310').hex(), round(2.675, 2))
show('pack', struct.pack('>hiqfd', -2, 3, -4, 0.1, 1e100).hex())
show('array', digest(array.array('d', (i / 7 for i in range(5000))).tobytes()))

rng = random.Random(20240229)
numbers = [rng.random() for _ in range(20000)]
show('random', digest(numbers), rng.getrandbits(200))
show('sorted', digest(sorted(numbers)), digest(heapq.nsmallest(50, numbers)))
show('statistics', repr(statistics.fmean(numbers)),
     repr(statistics.median(numbers)))
rng.shuffle(numbers)
show('shuffled', digest(numbers))
ordered = []
for number in numbers[:3000]:
    bisect.insort(ordered, number)
show('insort', digest(ordered))

text = data.decode()
show('regex', len(re.findall(r'(?m)^(\d)\d*\1$', text)),
     digest(re.sub(r'(\d)(\d)', r'\2\1', text[:200000]).encode()))
words = collections.Counter(line[:2] for line in text.splitlines())
show('counter', digest(sorted(words.items())))
tree = {str(i): [i, i / 4, {'x': None, 'y': str(i) * 3}] for i in range(2000)}
show('json', json.loads(json.dumps(tree)) == tree, digest(json.dumps(tree)))
show('pickle', pickle.loads(pickle.dumps(tree)) == tree)
show('permutations', digest(list(itertools.permutations('abcdefg'))))

sums = [0] * 4


def work(index):
    for i in range(20000):
        sums[index] += i * index


threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
show('threads', sums)


def queens(n, row=0, columns=0, left=0, right=0):
    if row == n:
        return 1
    free, count = ~(columns | left | right) & ((1 << n) - 1), 0
    while free:
        bit = free & -free
        free ^= bit
        count += queens(n, row + 1, columns | bit, (left | bit) << 1,
                        (right | bit) >> 1)
    return count


show('queens', queens(7))
