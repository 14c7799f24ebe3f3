/* Bytes of a text, many at a time. `digest` (compiling.py) covers it. */
#ifndef VEILLE_BLOCKS_H
#define VEILLE_BLOCKS_H

enum { BLOCK = 64 }; /* bytes, a bit each of a number */

/* Eight bytes, the first the lowest, whatever the machine's order. */
static inline uint64_t
load_eight(const unsigned char *bytes)
{
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
           (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 | (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

/* Of the bytes of a block, each 0 or 1, those that are 1. */
static inline uint64_t
bits_of(const unsigned char *flags)
{
    uint64_t bits = 0;
    for (int n = 0; n < BLOCK; n += 8)
        bits |= (load_eight(flags + n) * UINT64_C(0x0102040810204080) >> 56) << n;
    return bits;
}

/* The number of the lowest bit that is set. */
static inline int
lowest_of(uint64_t bits)
{
#if defined(__GNUC__)
    return __builtin_ctzll(bits);
#else
    int n = 0;
    for (; !(bits & 1); bits >>= 1)
        n++;
    return n;
#endif
}

#endif
