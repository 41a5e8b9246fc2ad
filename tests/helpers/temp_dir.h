/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test that is removed with the test, also when the test is killed. */
#ifndef HELPERS_TEMP_DIR_H
#define HELPERS_TEMP_DIR_H

/* As mkdtemp(). The test removes the directory. If the test is killed, a process removes it that
 * waits for the end of the test. */
char *temp_dir_make(char *pattern);

#endif
