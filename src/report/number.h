/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

#include <stdbool.h>

/* A number that may be missing: null in JSON. */
struct report_number {
	bool known;
	double value;
};

#endif
