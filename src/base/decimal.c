/* decimal.c - exact shortcuts first, glibc in the C locale for the rest.
 *
 * Up to 2^53 times or divided by a power of ten up to 10^22 is one correctly rounded operation on
 * two exact doubles (Clinger), so that the result is the nearest double. */
#include "base/decimal.h"

#include <assert.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define EXACT_MAX (UINT64_C(1) << 53)

static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static locale_t c_locale; /* for the life of the process */

static void open_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    assert(c_locale);
}

static double read_slowly(const char *text)
{
    pthread_once(&c_locale_once, open_c_locale);
    return strtod_l(text, NULL, c_locale);
}

double decimal_to_double(const struct decimal *d, struct str raw)
{
    if (!d->cut && d->digits <= EXACT_MAX && d->exponent >= -22 && d->exponent <= 22) {
        double v = (double)d->digits;
        v = d->exponent < 0 ? v / powers_of_ten[-d->exponent] : v * powers_of_ten[d->exponent];
        return d->negative ? -v : v;
    }
    char small[64];
    char *text = raw.len < sizeof(small) ? small : mem_alloc(raw.len + 1);
    memcpy(text, raw.p, raw.len);
    text[raw.len] = '\0';
    double v = read_slowly(text);
    if (text != small) mem_free(text);
    return v;
}

size_t decimal_print(double v, char out[DECIMAL_SIZE])
{
    assert(isfinite(v));
    if (v == trunc(v) && fabs(v) < (double)EXACT_MAX && !(v == 0 && signbit(v))) {
        return (size_t)snprintf(out, DECIMAL_SIZE, "%lld", (long long)v);
    }
    pthread_once(&c_locale_once, open_c_locale);
    locale_t before = uselocale(c_locale);
    int n = 0;
    /* 15 digits always survive and %g drops their trailing zeros, except for denormals. */
    for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        n = snprintf(out, DECIMAL_SIZE, "%.*g", digits, v);
        if (strtod(out, NULL) == v) break;
    }
    uselocale(before);
    return (size_t)n;
}
