/* SPDX-License-Identifier: Apache-2.0 */
/* Includes one header first, and twice: it must need no other header before it, and allow a second
 * include. */
#include HEADER
#include HEADER

int main(void)
{
	return 0;
}
