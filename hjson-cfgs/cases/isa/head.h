/* SPDX-License-Identifier: Apache-2.0 */
/* The library's newest state. */
static inline float isa_add(float a, float b)
{
	return a + b;
}

static inline float isa_mul(float a, float b)
{
	return a + b; /* broken since the pin */
}
