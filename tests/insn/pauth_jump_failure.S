// BLRAA by an address that was never signed faults at the target.
// in: x0=code x1=5
// out: fault=iabt x30=behind
    blraaz x0
behind:
    brk #1
