/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_CRC32_H
#define RUN_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as in zlib, Ethernet and PNG. The tables take 8 KiB; keep them to compute
 * many checksums. */
struct crc32 {
	uint32_t of[8][256];
};

void crc32_init(struct crc32 *t);
uint32_t crc32_of(const struct crc32 *t, const void *bytes, size_t n);
/* As eight digits, without a NUL. */
void crc32_write_hex(uint32_t crc, char *ret);

#endif
