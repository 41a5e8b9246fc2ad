/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_CRC32_H
#define RUN_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as in zlib, Ethernet and PNG. */
uint32_t crc32_of(const void *bytes, size_t n);

#endif
