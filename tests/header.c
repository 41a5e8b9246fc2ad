/* SPDX-License-Identifier: Apache-2.0 */
/* One header, first and twice: it needs nothing before it and stands being included again. */
#include HEADER
#include HEADER

int main(void)
{
	return 0;
}
