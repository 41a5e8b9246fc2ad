/* SPDX-License-Identifier: Apache-2.0 */
/* The library as it was when all worked: the pin. */
static inline float isa_add(float a, float b)
{
	return a + b;
}

static inline float isa_mul(float a, float b)
{
	return a * b;
}
