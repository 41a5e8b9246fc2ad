/* SPDX-License-Identifier: Apache-2.0 */
/* A driver whose jobs do nothing, to measure only the messages to the worker and back. */
#include "idle_driver.h"

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	return host_abi == DVS_DRIVER_ABI ? &idle_driver : NULL;
}
