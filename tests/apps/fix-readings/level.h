#ifndef LEVEL_H
#define LEVEL_H

#include <stddef.h>

/* Of n readings of a gauge, in any order; n > 0. */
double middle_level(const double *readings, size_t n);
double highest_level(const double *readings, size_t n);

#endif
