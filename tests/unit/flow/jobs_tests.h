/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of native jobs share. */
#ifndef JOBS_TESTS_H
#define JOBS_TESTS_H

#include "stage.h"

#define ONE(keys) "{ flow: jobs\n name: \"t\"\n jobs: [ { name: \"a\", " keys " } ] }"

#endif
