/* places.h - the places of the bits of a byte, pulled together. For code that has AVX2 and BMI2. */
#pragma once

#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>

/* The numbers of the bits set in the lowest byte of 'bits', in order; 0 behind the last of them. */
__attribute__((target("avx2,bmi2"))) static inline __m256i places(uint64_t bits)
{
    uint64_t bytes = _pdep_u64(bits, UINT64_C(0x0101010101010101)) * 0xff;
    uint64_t numbers = _pext_u64(UINT64_C(0x0706050403020100), bytes);
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)numbers));
}
#endif
