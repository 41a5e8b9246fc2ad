/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/log_pace.h"

#include <math.h>

static const double least_s = 0.02, most_s = 1;

double log_pace(double pause_s, double growth, double left)
{
	double next_s = fmin(pause_s * 2, most_s);

	if (growth > 0)
		next_s = fmin(next_s, pause_s * left / growth / 2);
	return fmax(next_s, least_s);
}
