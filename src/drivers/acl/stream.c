/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/stream.h"

#include <string.h>

#include "drivers/acl/context.h"

enum { PROOF_BYTES = 64 };

void acl_destroy_stream(struct acl_context *c)
{
	if (!c->stream)
		return;
	if (c->api.aclrtDestroyStreamForce)
		ACL_TRY(c, aclrtDestroyStreamForce, c->stream);
	else
		ACL_TRY(c, aclrtDestroyStream, c->stream);
	c->stream = NULL;
}

static int copy_there_and_back(struct acl_context *c, void *memory)
{
	uint8_t sent[PROOF_BYTES], got[PROOF_BYTES] = {0};
	int rc;

	for (unsigned i = 0; i < PROOF_BYTES; i++)
		sent[i] = (uint8_t)(i * 37 + 11);
	rc = ACL_CALL(c, aclrtMemcpy, memory, PROOF_BYTES, sent, PROOF_BYTES, ACL_COPY_TO_DEVICE);
	if (rc == 0)
		rc = ACL_CALL(c, aclrtMemcpy, got, PROOF_BYTES, memory, PROOF_BYTES,
			      ACL_COPY_TO_HOST);
	return rc == 0 && memcmp(sent, got, PROOF_BYTES) != 0 ? ACL_E_GARBAGE : rc;
}

static int prove_memory(struct acl_context *c)
{
	void *memory = NULL;
	int rc = ACL_CALL(c, aclrtMalloc, &memory, PROOF_BYTES, ACL_MALLOC_HUGE_FIRST), freed;

	if (rc != 0)
		return rc;
	rc = copy_there_and_back(c, memory);
	freed = ACL_CALL(c, aclrtFree, memory);
	return rc ? rc : freed;
}

int acl_prove(struct acl_context *c)
{
	void *stream = NULL;
	int rc = ACL_CALL(c, aclrtCreateStream, &stream), destroyed;

	if (rc != 0)
		return rc;
	rc = prove_memory(c);
	destroyed = ACL_CALL(c, aclrtDestroyStream, stream);
	return rc ? rc : destroyed;
}
